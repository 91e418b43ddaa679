import { overlapError, type ProjectionStore, type Standing, type Stop } from './port.ts';

/** The simulated twin of the store in a database. */
export abstract class MemoryStore<Delta> implements ProjectionStore<Delta> {
  readonly #name: string;
  #standing: Standing;
  constructor(name: string, checkpoint: number) {
    this.#name = name;
    this.#standing = { position: checkpoint, stopped: null };
  }

  async standing(): Promise<Standing> {
    return this.#standing;
  }

  async advance({ from, to, delta }: { readonly from: number; readonly to: number; readonly delta: Delta }) {
    const { position } = this.#standing;
    if (position !== from) throw overlapError(this.#name, from, position);
    this.put(delta);
    this.#standing = { position: to, stopped: null };
  }

  async replace({ to, delta }: { readonly to: number; readonly delta: Delta }): Promise<void> {
    this.clear();
    this.put(delta);
    this.#standing = { position: to, stopped: null };
  }

  async stop(at: number, stopped: Stop): Promise<void> {
    if (this.#standing.position === at) this.#standing = { position: at, stopped };
  }

  protected abstract clear(): void;
  protected abstract put(delta: Delta): void;
}

import { unitOf } from '../../machines/streams.ts';
import type { Keeps } from './share.ts';
import type { Actor } from '../../fold/fold.ts';
import { SerialExecutor, type ExecutorHost } from './serial-executor.ts';
import type { Work } from './work.ts';

/** The units of a process. One is made for the first work that comes for it, and goes when it has nothing left. */
export class Executors {
  readonly #host: ExecutorHost;
  readonly #maxCachedActors: number;
  /** The least recently used first. */
  readonly #units = new Map<string, SerialExecutor>();
  readonly #census = { count: 0 };

  constructor(host: ExecutorHost, maxCachedActors: number) {
    this.#host = host;
    this.#maxCachedActors = maxCachedActors;
  }

  /** @returns whether there was room in the mailbox */
  enqueue(work: Work): boolean {
    if (this.#census.count > this.#maxCachedActors) this.#makeRoom();
    const id = unitOf(work.stream);
    const unit = this.#units.get(id) ?? new SerialExecutor(this.#host, this.#census, () => this.#units.delete(id));
    this.#units.delete(id);
    this.#units.set(id, unit);
    return unit.enqueue(work);
  }

  get size(): number {
    return this.#units.size;
  }

  get cachedActors(): number {
    return this.#census.count;
  }

  *inMemory(): Iterable<readonly [string, Actor]> {
    for (const unit of this.#units.values()) yield* unit.inMemory();
  }

  get isBusy(): boolean {
    return [...this.#units.values()].some((unit) => unit.isBusy);
  }

  /** Resolves when those that are busy now have nothing under way. */
  async whenIdle(): Promise<void> {
    await Promise.all([...this.#units.values()].map((unit) => unit.whenIdle()));
  }

  /** What others may have changed is read again. */
  forgetAllBut(keeps: Keeps): void {
    for (const [id, unit] of this.#units) if (!keeps(id)) unit.forget();
  }

  /** Whoever had nothing to do for long leaves the memory. */
  passivate(): void {
    for (const [id, unit] of this.#units) {
      unit.passivate();
      if (unit.isEmpty) this.#units.delete(id);
    }
  }

  /** A tenth of the actors leaves, so that it need not be done for each that comes. */
  #makeRoom(): void {
    const most = Math.floor(this.#maxCachedActors * 0.9);
    for (const [id, unit] of this.#units) {
      if (this.#census.count <= most) return;
      unit.evict(this.#census.count - most);
      if (unit.isEmpty) this.#units.delete(id);
    }
  }
}

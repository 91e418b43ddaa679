import type { Load, Loaded } from './load.ts';

/** The three journals of a contestant. */
export interface Journals {
  readonly pnes: string;
  readonly gateway: string;
  readonly server: string;
}

/** Server, gateway and PNEs in processes of their own over a nats-server of their own, ready to be loaded. */
export interface Contestant {
  readonly journals: Journals;
  load(load: Load): Promise<Loaded>;
  stop(): Promise<void>;
}

export function journalsIn(dir: string): Journals {
  return { pnes: `${dir}/pnes.sqlite`, gateway: `${dir}/gateway.sqlite`, server: `${dir}/server.sqlite` };
}

/** Ends what was started, the last first. */
export class Started {
  readonly #stops: (() => Promise<void>)[] = [];
  add<T extends { stop(): Promise<void> }>(started: T): T {
    this.#stops.push(() => started.stop());
    return started;
  }
  async stop(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop();
  }
}

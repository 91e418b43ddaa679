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
  /** Of nats-server, CPNS Server, PN GW and PNEs. */
  readonly pids: readonly number[];
  load(load: Load): Promise<Loaded>;
  stop(): Promise<void>;
}

export function journalsIn(dir: string): Journals {
  return { pnes: `${dir}/pnes.sqlite`, gateway: `${dir}/gateway.sqlite`, server: `${dir}/server.sqlite` };
}

/** Ends what was started, the last first. */
export class Started {
  readonly #stops: (() => Promise<void>)[] = [];
  readonly pids: number[] = [];
  add<T extends { readonly pid: number; stop(): Promise<void> }>(started: T): T {
    this.pids.push(started.pid);
    this.#stops.push(() => started.stop());
    return started;
  }
  async stop(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop();
  }
}

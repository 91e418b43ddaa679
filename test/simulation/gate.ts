import type { Clock } from '../../seams/clock.ts';
import type { Delivery, Wire } from '../../wire/port.ts';

/** Holds back whatever would run in a process that is paused, in order. */
export class Gate {
  #held: (() => void)[] | null = null;

  get isShut(): boolean {
    return this.#held !== null;
  }

  shut(): void {
    this.#held ??= [];
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const run of held) run();
  }

  pass(run: () => void): void {
    if (this.#held === null) run();
    else this.#held.push(run);
  }

  /** Its timers fire when it goes on. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      after: (delayMs, callback) => clock.after(delayMs, () => this.pass(callback)),
    };
  }

  /** What comes meanwhile waits for it, as in the buffers of its connection. */
  wire(wire: Wire): Wire {
    return {
      get status() {
        return wire.status;
      },
      publish: (...message) => wire.publish(...message),
      subscribe: (pattern, handler, options) =>
        wire.subscribe(pattern, (delivery: Delivery) => this.pass(() => handler(delivery)), options),
      request: (...question) => wire.request(...question),
      onStatus: (listener) => wire.onStatus(listener),
      flush: () => wire.flush(),
      close: () => wire.close(),
    };
  }
}

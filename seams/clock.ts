/** Time enters through this seam only. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Calls back once, `delayMs` from now. Returns the cancel. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Largest delay that Node's timers take; a longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};

/** The simulated twin: time stands still until it is advanced. */
export class SimulatedClock implements Clock {
  #now: number;
  #seq = 0;
  #timers: { readonly at: number; readonly seq: number; readonly callback: () => void }[] = [];

  constructor(startMs = 1_767_225_600_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(delayMs, 0), seq: this.#seq++, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** When the next timer is due, or null when none is set. */
  nextDue(): number | null {
    return this.#timers.reduce<number | null>((least, t) => (least === null || t.at < least ? t.at : least), null);
  }

  /** Moves to the next timer and fires it. False when none is set. */
  fireNext(): boolean {
    const next = this.#timers.toSorted((a, b) => a.at - b.at || a.seq - b.seq)[0];
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((other) => other !== next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }

  /** Moves time forward and fires, in order, every timer that falls due. */
  advance(byMs: number): void {
    const until = this.#now + byMs;
    for (let due = this.nextDue(); due !== null && due <= until; due = this.nextDue()) this.fireNext();
    this.#now = until;
  }
}

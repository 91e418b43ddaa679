import type { TimerRow } from '../../journal/port.ts';
import type { Clock } from '../../seams/clock.ts';

export const timerId = (stream: string, name: string): string => `${stream}|${name}`;

/** The armed timers of a process: a copy of the journal's, in memory, so that one clock timer serves them all. */
export class Timers {
  readonly #clock: Clock;
  readonly #fire: (row: TimerRow) => void;
  readonly #rows = new Map<string, { readonly row: TimerRow; readonly cancel: () => void }>();

  constructor(clock: Clock, fire: (row: TimerRow) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  get size(): number {
    return this.#rows.size;
  }

  arm(row: TimerRow, notBeforeMs = 0): void {
    this.disarm(row.stream, row.name);
    const delayMs = Math.max(row.dueAt - this.#clock.now(), notBeforeMs);
    const cancel = this.#clock.after(delayMs, () => this.#due(row));
    this.#rows.set(timerId(row.stream, row.name), { row, cancel });
  }

  /** A clock may ring early: it has a longest delay. */
  #due(row: TimerRow): void {
    if (row.dueAt > this.#clock.now()) this.arm(row);
    else this.#fire(row);
  }

  has(stream: string, name: string): boolean {
    return this.#rows.has(timerId(stream, name));
  }

  disarm(stream: string, name: string): void {
    const id = timerId(stream, name);
    this.#rows.get(id)?.cancel();
    this.#rows.delete(id);
  }

  /** Whether this very arming is still the one in force. */
  isArmed(row: TimerRow): boolean {
    return this.#rows.get(timerId(row.stream, row.name))?.row === row;
  }

  stop(): void {
    for (const { cancel } of this.#rows.values()) cancel();
    this.#rows.clear();
  }
}

import type { Clock } from './clock.ts';
import type { Log, LogFields } from './log.ts';

/** Equal warnings within this time are one line. */
export const WARNING_WINDOW_MS = 10_000;

/** Warnings that differ and are told apart within a window; more of a kind are one line with their number. */
export const MAX_WARNINGS_APART = 100;

/**
 * Says a warning once in a window and counts its like, so that whoever floods a role does not flood its log. Who makes names up
 * is bounded as well: above `MAX_WARNINGS_APART` warnings are told by their number alone, when the window ends.
 */
export class Warnings {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #open = new Map<string, { more: number; readonly cancel: () => void }>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  say(message: string, fields: LogFields): void {
    const key = JSON.stringify([message, fields]);
    if (this.#counted(key)) return;
    if (this.#open.size < MAX_WARNINGS_APART) {
      this.#log.warn(message, fields);
      this.#begin(key, message, fields, 0);
    } else if (!this.#counted(message)) this.#begin(message, message, { of: 'others' }, 1);
  }

  /** Forgets every window that is open. */
  close(): void {
    for (const { cancel } of this.#open.values()) cancel();
    this.#open.clear();
  }

  #counted(key: string): boolean {
    const window = this.#open.get(key);
    if (window !== undefined) window.more += 1;
    return window !== undefined;
  }

  #begin(key: string, message: string, fields: LogFields, more: number): void {
    const cancel = this.#clock.after(WARNING_WINDOW_MS, () => this.#close(key, message, fields));
    this.#open.set(key, { more, cancel });
  }

  #close(key: string, message: string, fields: LogFields): void {
    const more = this.#open.get(key)?.more ?? 0;
    this.#open.delete(key);
    if (more > 0) this.#log.warn(message, { ...fields, more });
  }
}

import type { Commit, TimerRow } from '../../../journal/port.ts';
import { timerId } from '../timers.ts';

/** The timers that a step arms and disarms; of two about one timer the later counts. */
export class StepTimers {
  readonly #armed = new Map<string, TimerRow>();
  readonly #disarmed = new Map<string, { readonly stream: string; readonly name: string }>();

  arm(row: TimerRow): void {
    const id = timerId(row.stream, row.name);
    this.#disarmed.delete(id);
    this.#armed.set(id, row);
  }

  disarm(stream: string, name: string): void {
    const id = timerId(stream, name);
    this.#armed.delete(id);
    this.#disarmed.set(id, { stream, name });
  }

  get disarmsNone(): boolean {
    return this.#disarmed.size === 0;
  }

  clear(): void {
    this.#armed.clear();
    this.#disarmed.clear();
  }

  rows(): Commit['timers'] {
    return { arm: [...this.#armed.values()], disarm: [...this.#disarmed.values()] };
  }
}

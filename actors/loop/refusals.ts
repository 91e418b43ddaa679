import type { ResponseCode } from '../../events/codes.ts';
import type { StreamEvent } from './role.ts';
import { MAX_REFUSAL_WINDOWS, REFUSAL_WINDOW_MS } from './limits.ts';
import type { Clock } from '../../seams/clock.ts';

export interface Refusal {
  readonly stream: string;
  readonly message: string;
  readonly from: string;
  readonly code: ResponseCode;
  /** Refusals for different reasons are not equal. */
  readonly reason?: string;
}

interface Window {
  readonly refusal: Refusal;
  readonly cancel: () => void;
  more: number;
}

/**
 * The first refusal of a sender is an event at once; equal ones within the window are counted and become one event when
 * it closes, so that a flood cannot fill the journal. A count that was not yet written is lost with the process.
 */
export class Refusals {
  readonly #clock: Clock;
  readonly #flush: (refusal: Refusal, count: number) => void;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, flush: (refusal: Refusal, count: number) => void) {
    this.#clock = clock;
    this.#flush = flush;
  }

  /** Whether this one is to be written now, or is like one that was: then it is added once it counts. */
  note(refusal: Refusal): 'first' | 'like' {
    if (this.#windows.has(keyOf(refusal))) return 'like';
    this.#open(refusal);
    return 'first';
  }

  /** One more of a kind. */
  add(refusal: Refusal): void {
    const window = this.#windows.get(keyOf(refusal)) ?? this.#open(refusal);
    window.more += 1;
  }

  /** The first one could not be written: the next of its kind is first again. What was added meanwhile is written. */
  takeBack(refusal: Refusal): void {
    this.#close(keyOf(refusal));
  }

  /** Writes every sum that is open. */
  close(): void {
    for (const key of this.#windows.keys()) this.#close(key);
  }

  #open(refusal: Refusal): Window {
    if (this.#windows.size >= MAX_REFUSAL_WINDOWS) this.#closeOldest();
    const key = keyOf(refusal);
    const window = { refusal, cancel: this.#clock.after(REFUSAL_WINDOW_MS, () => this.#close(key)), more: 0 };
    this.#windows.set(key, window);
    return window;
  }

  #closeOldest(): void {
    const oldest = this.#windows.keys().next().value;
    if (oldest !== undefined) this.#close(oldest);
  }

  #close(key: string): void {
    const window = this.#windows.get(key);
    if (window === undefined) return;
    this.#windows.delete(key);
    window.cancel();
    if (window.more > 0) this.#flush(window.refusal, window.more);
  }
}

/** By sender, not by actor: whoever makes up PNs or devices is summed over all of them. */
const keyOf = ({ from, code, message, reason = '' }: Refusal): string => `${from}|${code}|${message}|${reason}`;

export function refusalEvent({ stream, message, from, code }: Refusal, count: number): StreamEvent {
  return { stream, type: 'MessageRefused', data: { message, from, code, count } };
}

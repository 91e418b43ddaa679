/**
 * Tells a sealed message that is new from one that somebody kept and sends again, where the sender has no counter: by the
 * time in it, and by its id for as long as the time would let it pass. Nothing is written down: what was sent before the
 * receiver started is refused as well.
 */
import { toBase64url } from './base64url.ts';

/** How far the time in a message may be from the receiver's: seconds for the way, the rest for clocks that differ. */
export const FRESH_MS = 60_000;

/** Ids that are remembered: 400 messages a second, about 10 MB. One more is refused until the oldest can be forgotten. */
export const MAX_REMEMBERED_IDS = 50_000;

export type Freshness = 'fresh' | 'untimely' | 'repeated' | 'full';

export class FreshnessWindow {
  readonly #startedAtMs: number;
  /** Ids in the order in which they came, each with when it can be forgotten. */
  readonly #seen = new Map<string, number>();
  #nowMs: number;

  /** @param startedAtMs when this receiver began to listen, milliseconds since 1970 UTC */
  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
    this.#nowMs = startedAtMs;
  }

  /** Judges a message that was opened, and remembers it when it is fresh. */
  judge(id: Uint8Array, sentAtMs: number, nowMs: number): Freshness {
    // A clock that is set back would bring back what was forgotten.
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    if (sentAtMs < this.#startedAtMs || Math.abs(this.#nowMs - sentAtMs) > FRESH_MS) return 'untimely';
    this.#forget();
    const name = toBase64url(id);
    if (this.#seen.has(name)) return 'repeated';
    if (this.#seen.size >= MAX_REMEMBERED_IDS) return 'full';
    // One that is ahead by as much as it may be passes for twice that time.
    this.#seen.set(name, this.#nowMs + 2 * FRESH_MS);
    return 'fresh';
  }

  #forget(): void {
    for (const [name, until] of this.#seen) {
      if (until >= this.#nowMs) return;
      this.#seen.delete(name);
    }
  }
}

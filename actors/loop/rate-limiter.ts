import { MAX_BUCKETS, TOO_MANY_EVERY_MS } from './limits.ts';
import type { Clock } from '../../seams/clock.ts';
import { hasToken, refilled, withoutToken, type Bucket, type RateLimit } from './token-bucket.ts';

/** A sender that a message is charged to. */
export interface Charge {
  /** Name of its bucket. */
  readonly bucket: string;
  readonly limit: RateLimit;
  /** Where the journal keeps, and under which name, how many of its messages were too many. */
  readonly stream: string;
  readonly from: string;
}

/** The sender that has no token left, and whether it is time to tell so. */
export interface Overdraft {
  readonly charge: Charge;
  readonly tell: 'now' | 'told';
}

/** The buckets of all senders; those that were used last, when there are too many. Asked before any other work on a message. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  /** When the sender of a bucket was told last. */
  readonly #told = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Charges a message to all of its senders, or to none: who has no token left does not use up those of the next one, so a
   * device that floods costs its PN GW no more than its own share.
   * @returns the first sender that has none left, or null
   */
  overdrawn(charges: readonly Charge[]): Overdraft | null {
    const now = this.#clock.now();
    const buckets = charges.map(({ bucket, limit }) => refilled(this.#buckets.get(bucket), limit, now));
    const charge = charges[buckets.findIndex((bucket) => !hasToken(bucket))];
    if (charge !== undefined) return { charge, tell: this.#tell(charge.bucket, now) };
    for (const [index, { bucket: name }] of charges.entries()) {
      const bucket = buckets[index];
      if (bucket !== undefined) this.#keep(name, withoutToken(bucket));
    }
    return null;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #tell(bucket: string, now: number): Overdraft['tell'] {
    const told = this.#told.get(bucket);
    if (told !== undefined && Math.abs(now - told) < TOO_MANY_EVERY_MS) return 'told';
    if (this.#told.size >= MAX_BUCKETS) this.#told.clear();
    this.#told.set(bucket, now);
    return 'now';
  }

  #keep(name: string, bucket: Bucket): void {
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size <= MAX_BUCKETS) return;
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

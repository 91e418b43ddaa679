import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasToken, refilled, withoutToken, type Bucket } from '../../../actors/loop/token-bucket.ts';

const limit = fc.record({
  burst: fc.integer({ min: 1, max: 50 }),
  perSecond: fc.double({ min: 0.1, max: 100, noNaN: true }),
});

describe('a token bucket', () => {
  it('lets no more through than burst and rate allow, between any two moments', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(limit, waits, (rate, waitsMs) => {
        let nowMs = 0;
        let bucket: Bucket | undefined;
        const taken: number[] = [];
        for (const waitMs of waitsMs) {
          nowMs += waitMs;
          bucket = refilled(bucket, rate, nowMs);
          if (!hasToken(bucket)) continue;
          bucket = withoutToken(bucket);
          taken.push(nowMs);
        }
        for (const [first, from] of taken.entries()) {
          for (let last = first; last < taken.length; last++) {
            const elapsedMs = (taken[last] ?? 0) - from;
            expect(last - first + 1).toBeLessThanOrEqual(rate.burst + (elapsedMs * rate.perSecond) / 1_000 + 1e-6);
          }
        }
      }),
    );
  });

  it('lets everything through that keeps to the rate', () => {
    let bucket: Bucket | undefined;
    for (let nowMs = 0; nowMs < 100_000; nowMs += 500) {
      bucket = refilled(bucket, { burst: 1, perSecond: 2 }, nowMs);
      expect(hasToken(bucket)).toBe(true);
      bucket = withoutToken(bucket);
    }
  });

  it('neither gains nor stands still when the clock is put back', () => {
    const rate = { burst: 5, perSecond: 1 };
    const empty = { tokens: 0, atMs: 1_000_000 };
    const back = refilled(empty, rate, 0);
    expect(hasToken(back)).toBe(false);
    expect(hasToken(refilled(back, rate, 1_000))).toBe(true);
  });
});

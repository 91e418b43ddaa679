import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timestampAfter, timestampAt, timestampFromBytes, timestampToBytes } from '../../security/timestamp.ts';

const moment = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });

describe('a timestamp', () => {
  // https://cr.yp.to/libtai/tai64.html: 400000002a2b2c2d is 1992-06-02 08:07:09 TAI, and TAI was 26 s ahead then, not 10.
  it.each([
    ['1970-01-01T00:00:00Z', '400000000000000a00000000'],
    ['1992-06-02T08:06:59Z', '400000002a2b2c2d00000000'],
    ['2026-01-01T00:00:00.789Z', '400000006955b90a2f072f40'],
    ['1969-12-31T23:59:59.999Z', '40000000000000093b8b87c0'],
  ])('of %s is the label %s', (date, label) => {
    expect(timestampAt(Date.parse(date))).toBe(label);
  });

  it('sorts as the moments do, in hex and in bytes', () => {
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        const [one, other] = [timestampAt(a), timestampAt(b)];
        expect(one < other).toBe(a < b);
        expect(Buffer.compare(timestampToBytes(one), timestampToBytes(other))).toBe(Math.sign(a - b));
      }),
    );
  });

  it('is 12 bytes, and nothing else is one', () => {
    const label = timestampAt(0);
    expect(timestampFromBytes(timestampToBytes(label))).toBe(label);
    for (const length of [0, 11, 13, 24]) expect(timestampFromBytes(new Uint8Array(length))).toBe(null);
  });

  it('is later than every one before, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(moment, { minLength: 2, maxLength: 20 }), (clock) => {
        let last: string | null = null;
        for (const nowMs of clock) {
          const next = timestampAfter(last, nowMs);
          expect(next).toMatch(/^[0-9a-f]{24}$/);
          if (last !== null) expect(next > last).toBe(true);
          expect(next >= timestampAt(nowMs)).toBe(true);
          last = next;
        }
      }),
    );
  });

  it('does not start over after the largest', () => {
    expect(() => timestampAfter('f'.repeat(24), 0)).toThrow(/No timestamp comes after/);
  });
});

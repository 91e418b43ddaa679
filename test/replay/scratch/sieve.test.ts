import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sieve } from '../../../replay/scratch/sieve.ts';

describe('a sieve', () => {
  it('never says of a key that was added that it was not', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (keys) => {
        const sieve = new Sieve();
        for (const key of keys) sieve.add(key);
        return keys.every((key) => sieve.mayHave(key));
      }),
      { numRuns: 20 },
    );
  });

  it('says it of nearly all others, also where names differ in a digit', () => {
    const sieve = new Sieve();
    const name = (index: number): string => `registration/home-${index}/lamp-${index}`;
    for (let index = 0; index < 100_000; index++) sieve.add(name(index));
    let doubted = 0;
    for (let index = 100_000; index < 200_000; index++) if (sieve.mayHave(name(index))) doubted += 1;
    expect(doubted).toBeLessThan(1_000);
  });
});

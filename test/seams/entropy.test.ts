import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../seams/clock.ts';
import { SeededEntropy, SystemEntropy, systemEntropy } from '../../seams/entropy.ts';

describe.each([
  ['system', systemEntropy],
  ['seeded', new SeededEntropy('test')],
])('%s entropy', (_name, entropy) => {
  test('never gives the same id twice, nor one of a single letter', () => {
    const ids = Array.from({ length: 2_000 }, () => entropy.id());
    expect(new Set(ids).size).toBe(2_000);
    for (const id of ids) expect(id).toMatch(/^(?!(.)\1*$)[0-9a-v]{26}$/);
  });

  test.each([1, 32, 8_191, 8_192, 8_193])('gives %i bytes, about half of whose bits are set', (length) => {
    const blocks = Array.from({ length: 32 }, () => entropy.bytes(length));
    const bits = blocks
      .flatMap((block) => [...block])
      .reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(blocks.every((block) => block.length === length)).toBe(true);
    expect(bits / (32 * length * 8)).toBeGreaterThan(0.25);
    expect(bits / (32 * length * 8)).toBeLessThan(0.75);
  });

  test('what it gave does not change when it gives more', () => {
    const first = entropy.bytes(32);
    const copy = [...first];
    for (let i = 0; i < 1_000; i++) entropy.bytes(32);
    expect([...first]).toEqual(copy);
  });
});

test('ids that were made later sort later, whatever is random in them', () => {
  const clock = new SimulatedClock();
  const entropy = new SystemEntropy(clock);
  const ids = Array.from({ length: 200 }, (_, i) => {
    clock.advance(i % 2 === 0 ? 1 : 86_400_000);
    return entropy.id();
  });
  expect(ids.toSorted()).toEqual(ids);
});

test('ids of the same millisecond differ', () => {
  const entropy = new SystemEntropy(new SimulatedClock());
  expect(new Set(Array.from({ length: 2_000 }, () => entropy.id())).size).toBe(2_000);
});

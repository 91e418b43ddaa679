import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backOffMs, RECONNECT_FIRST_DELAY_MS, RECONNECT_MAX_DELAY_MS } from '../../wire/back-off.ts';
import { matches } from '../../wire/subject.ts';

test.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.c', false],
  ['a.b', 'a', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*', 'a.b.c', false],
  ['a.>', 'a', false],
  ['a.>', 'a.b.c', true],
  ['>', 'a', true],
  ['*.*', 'a.b', true],
])('%s, %s: %s', (pattern, subject, expected) => {
  expect(matches(pattern, subject)).toBe(expected);
});

test('any token of a subject may become a star, any tail a >', () => {
  const tokens = fc.array(fc.stringMatching(/^[a-z0-9_-]{1,5}$/), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(tokens, fc.nat(), (subject, pick) => {
      const at = pick % subject.length;
      expect(matches(subject.with(at, '*').join('.'), subject.join('.'))).toBe(true);
      expect(matches([...subject.slice(0, at), '>'].join('.'), subject.join('.'))).toBe(true);
      expect(matches([...subject, '>'].join('.'), subject.join('.'))).toBe(false);
    }),
  );
});

test('the back-off grows to its bound and no jitter takes more than half of it', () => {
  expect(backOffMs(1, 0)).toBe(RECONNECT_FIRST_DELAY_MS);
  expect(backOffMs(5_000, 0)).toBe(RECONNECT_MAX_DELAY_MS);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 0.99, noNaN: true }), (round, jitter) => {
      const delay = backOffMs(round, jitter);
      expect(delay).toBeLessThanOrEqual(backOffMs(round, 0));
      expect(delay).toBeGreaterThanOrEqual(Math.floor(backOffMs(round, 0) / 2));
    }),
  );
});

import { expect, it } from 'vitest';
import { isNewer } from '../../machines/newest.ts';
import { TIMESTAMPS } from './given.ts';

const [first, second] = TIMESTAMPS;

it.each([
  [first, null, true],
  [second, first, true],
  [first, first, false],
  [first, second, false],
  // From a journal of before requests had timestamps: any number of those, none after one that has it.
  [null, null, true],
  [null, first, false],
] as const)('a request of %s, after one of %s, is newer: %s', (timestamp, newest, verdict) => {
  expect(isNewer(timestamp, newest)).toBe(verdict);
});

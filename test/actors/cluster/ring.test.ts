import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from '../../../actors/cluster/ring.ts';

const KEYS = Array.from({ length: 3_000 }, (_, index) => `hub-${index}`);
const names = fc.uniqueArray(fc.stringMatching(/^[a-z2-7]{4,8}$/), { minLength: 2, maxLength: 8 });

test('the owner depends on who is there, not on the order in which they are named', () => {
  const [one, other] = [new Ring(['a', 'b', 'c']), new Ring(['c', 'a', 'b', 'a'])];
  expect(KEYS.map((key) => one.ownerOf(key))).toEqual(KEYS.map((key) => other.ownerOf(key)));
  expect(new Ring([]).ownerOf('hub')).toBeNull();
  // A worked example: all versions of the program have to agree while one is brought up after the other.
  expect(['hub-1', 'hub-2', 'hub-3', 'hub-4'].map((key) => one.ownerOf(key))).toMatchInlineSnapshot(`
    [
      "a",
      "b",
      "c",
      "a",
    ]
  `);
});

test('a member that goes leaves every key of the others where it is', () => {
  fc.assert(
    fc.property(names, ([gone = '', ...rest]) => {
      const [before, after] = [new Ring([gone, ...rest]), new Ring(rest)];
      for (const key of KEYS.slice(0, 200)) {
        const owner = before.ownerOf(key);
        if (owner !== gone) expect(after.ownerOf(key)).toBe(owner);
      }
    }),
  );
});

test('each member gets its share: of 3,000 keys, within a tenth of a third', () => {
  const ring = new Ring(['server-a', 'server-b', 'server-c']);
  const shares = ring.members.map((member) => KEYS.filter((key) => ring.ownerOf(key) === member).length);
  for (const share of shares) expect(Math.abs(share - 1_000)).toBeLessThan(100);
});

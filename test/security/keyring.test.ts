import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededEntropy } from '../../seams/entropy.ts';
import { seal } from '../../security/aead.ts';
import { concat, utf8 } from '../../security/bytes.ts';
import { createKeyring, kekIdIn, kekIdOf } from '../../security/keyring.ts';
import { openWith } from './stranger.ts';

const entropy = new SeededEntropy('keyring');
const bytes = (length: number): Uint8Array => entropy.bytes(length);
const kek = new Uint8Array(32).fill(9);
const keyring = createKeyring({ kek, bytes });

describe('a wrapped secret', () => {
  test('unwraps to what it was under the same id, and opens with node:crypto', () => {
    const property = fc.property(fc.string(), fc.uint8Array(), (id, secret) => {
      const wrapped = keyring.wrap(id, secret);
      expect(keyring.unwrap(id, wrapped)).toEqual(secret);
      const kekId = createHash('sha256').update('CPNS key-encryption key').update(kek).digest().subarray(0, 16);
      const head = Buffer.concat([Uint8Array.of(2), kekId]);
      expect(Buffer.from(wrapped.subarray(0, 17))).toEqual(head);
      const data = Buffer.concat([Buffer.from('CPNS keyring'), head, new TextEncoder().encode(id)]);
      const opened = openWith(kek, wrapped.subarray(17, 29), data, wrapped.subarray(29));
      expect(new Uint8Array(opened)).toEqual(secret);
    });
    fc.assert(property, { numRuns: 50 });
  });

  test('is null under another id or another key', () => {
    const wrapped = keyring.wrap('session/a', new Uint8Array(32));
    expect(keyring.unwrap('session/b', wrapped)).toBeNull();
    expect(createKeyring({ kek: new Uint8Array(32), bytes }).unwrap('session/a', wrapped)).toBeNull();
  });

  test('is null when a bit is flipped or bytes are missing', () => {
    const wrapped = keyring.wrap('a', Uint8Array.of(1, 2, 3));
    for (let bit = 0; bit < wrapped.length * 8; bit++) {
      const flipped = wrapped.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(keyring.unwrap('a', flipped)).toBeNull();
    }
    for (let length = 0; length < wrapped.length; length++) {
      expect(keyring.unwrap('a', wrapped.slice(0, length))).toBeNull();
    }
  });

  test('names its key-encryption key, so that another key is told from damage', () => {
    const other = createKeyring({ kek: new Uint8Array(32).fill(8), bytes });
    const wrapped = other.wrap('session/a', Uint8Array.of(1));
    expect(kekIdIn(wrapped)).toBe(kekIdOf(new Uint8Array(32).fill(8)));
    expect(keyring.examine('session/a', wrapped)).toEqual({ kind: 'otherKey', kekId: other.kekId });
    expect(other.examine('session/b', wrapped)).toEqual({ kind: 'damaged' });
    expect(other.examine('session/a', wrapped.with(40, (wrapped[40] ?? 0) ^ 1))).toEqual({ kind: 'damaged' });
    expect(keyring.examine('session/a', new Uint8Array(0))).toEqual({ kind: 'damaged' });
  });

  test('under the former key opens beside one under the new key, while both are known', () => {
    const next = new Uint8Array(32).fill(8);
    const both = createKeyring({ kek: next, also: [kek], bytes });
    expect(both.unwrap('a', keyring.wrap('a', Uint8Array.of(1)))).toEqual(Uint8Array.of(1));
    const wrapped = both.wrap('a', Uint8Array.of(2));
    expect(both.unwrap('a', wrapped)).toEqual(Uint8Array.of(2));
    expect(keyring.examine('a', wrapped)).toEqual({ kind: 'otherKey', kekId: kekIdOf(next) });
  });

  test('of the first format is still read, under the right key and id only', () => {
    const nonce = new Uint8Array(12).fill(3);
    const wrapped = concat(
      Uint8Array.of(1),
      nonce,
      seal(kek, nonce, concat(utf8('CPNS keyring'), utf8('a')), Uint8Array.of(7)),
    );
    expect(kekIdIn(wrapped)).toBeNull();
    expect(keyring.unwrap('a', wrapped)).toEqual(Uint8Array.of(7));
    expect(keyring.examine('b', wrapped)).toEqual({ kind: 'damaged' });
    const other = createKeyring({ kek: new Uint8Array(32), bytes });
    expect(other.examine('a', wrapped)).toEqual({ kind: 'damaged' });
  });

  test('differs each time', () => {
    expect(keyring.wrap('a', new Uint8Array(8))).not.toEqual(keyring.wrap('a', new Uint8Array(8)));
  });
});

test('a key of another length is refused', () => {
  expect(() => createKeyring({ kek: new Uint8Array(16), bytes })).toThrow(/16 bytes/);
});

test('a key zeroed by its owner afterwards does not change the keyring', () => {
  const owned = new Uint8Array(32).fill(4);
  const own = createKeyring({ kek: owned, bytes });
  const wrapped = own.wrap('a', Uint8Array.of(1));
  owned.fill(0);
  expect(own.unwrap('a', wrapped)).toEqual(Uint8Array.of(1));
});

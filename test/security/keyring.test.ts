import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededEntropy } from '../../actors/seams/entropy.ts';
import { createKeyring } from '../../security/keyring.ts';
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
      const data = Buffer.concat([Buffer.from('CPNS keyring'), new TextEncoder().encode(id)]);
      const opened = openWith(kek, wrapped.subarray(1, 13), data, wrapped.subarray(13));
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

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cipherKey, counterNonce, open, seal, sealInPlace } from '../../security/aead.ts';

/** RFC 8439, section 2.8.2. */
const RFC = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  nonce: '070000004041424344454647',
  associatedData: '50515253c0c1c2c3c4c5c6c7',
  plaintext:
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  sealed:
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29' +
    '05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b' +
    '61161ae10b594f09e26a7e902ecbd0600691',
};

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Up to beyond the largest message, so that no change of method by size goes unseen. */
const plaintexts = () =>
  fc
    .tuple(
      fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(512, 1_023, 1_024, 4_096, 65_535, 65_536, 70_000)),
      fc.nat(255),
    )
    .map(([length, seed]) => Uint8Array.from({ length }, (_, index) => index * 31 + seed));

describe('ChaCha20-Poly1305', () => {
  test('gives the bytes of RFC 8439, section 2.8.2', () => {
    const sealed = seal(hex(RFC.key), hex(RFC.nonce), hex(RFC.associatedData), new TextEncoder().encode(RFC.plaintext));
    expect(Buffer.from(sealed).toString('hex')).toBe(RFC.sealed);
  });

  test('seals and opens as another implementation does, whatever the size, with a key as bytes and as a handle', () => {
    const property = fc.property(
      bytes(32),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }),
      fc.uint8Array({ maxLength: 100 }),
      plaintexts(),
      (key, counter, associatedData, plaintext) => {
        const nonce = counterNonce(counter);
        const stranger = chacha20poly1305(key, nonce, associatedData);
        const expected = stranger.encrypt(plaintext);
        for (const ours of [key, cipherKey(key)]) {
          const sealed = seal(ours, nonce, associatedData, plaintext);
          expect(Buffer.compare(sealed, expected)).toBe(0);
          const room = Uint8Array.of(...plaintext, ...new Uint8Array(16));
          expect(Buffer.compare(sealInPlace(ours, nonce, associatedData, room), expected)).toBe(0);
          expect(Buffer.compare(room, expected)).toBe(0);
          expect(Buffer.compare(open(ours, nonce, associatedData, expected) ?? hex('ff'), plaintext)).toBe(0);
        }
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  test('has the same nonce for a counter as a number and as a bigint, and none for what is no counter', () => {
    const property = fc.property(fc.oneof(fc.maxSafeNat(), fc.nat()), (counter) => {
      expect(counterNonce(counter)).toEqual(counterNonce(BigInt(counter)));
    });
    fc.assert(property, { examples: [[2 ** 32 - 1], [2 ** 32], [2 ** 40 - 1], [Number.MAX_SAFE_INTEGER]] });
    for (const counter of [-1, 1.5, NaN, Infinity, 2 ** 53, -1n, 2n ** 64n])
      expect(() => counterNonce(counter)).toThrow(RangeError);
  });

  test('opens nothing that was touched: bit, tag, nonce, associated data, key', () => {
    const [key, nonce, data] = [hex(RFC.key), hex(RFC.nonce), hex(RFC.associatedData)];
    const sealed = hex(RFC.sealed);
    const flip = (whole: Uint8Array, bit: number): Uint8Array =>
      whole.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    for (let bit = 0; bit < sealed.length * 8; bit++) expect(open(key, nonce, data, flip(sealed, bit))).toBeNull();
    for (let length = 0; length < sealed.length; length++)
      expect(open(key, nonce, data, sealed.subarray(0, length))).toBeNull();
    expect(open(key, flip(nonce, 0), data, sealed)).toBeNull();
    expect(open(key, nonce, flip(data, 95), sealed)).toBeNull();
    expect(open(flip(key, 255), nonce, data, sealed)).toBeNull();
  });

  test('gives plain bytes: a slice of them is a copy, not a view', () => {
    const [key, nonce, data] = [hex(RFC.key), hex(RFC.nonce), hex(RFC.associatedData)];
    const sealed = seal(key, nonce, data, hex('00ff'));
    const opened = open(key, nonce, data, sealed) ?? hex('');
    for (const given of [sealed, opened]) {
      const before = Buffer.from(given).toString('hex');
      given.slice().fill(1);
      expect(Buffer.from(given).toString('hex')).toBe(before);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { SeededEntropy } from '../../seams/entropy.ts';
import { ENVELOPE_BYTES, envelopeKey, openEnvelope, sealEnvelope } from '../../security/service-envelope.ts';
import { hchacha20, hkdf, xchachaOpen } from './xchacha.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const range = (from: number, to: number): Uint8Array => Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const SECRET = range(0, 31);
const SUBJECT = 'cpns.service.echo.deliver';
const MESSAGE = { sentAtMs: 1_767_225_600_000, questionId: range(1, 16), body: utf8('{"code":200}') };
const seeded = (seed: string) => {
  const entropy = new SeededEntropy(seed);
  return (length: number): Uint8Array => entropy.bytes(length);
};
const key = envelopeKey(SECRET, 'question', SUBJECT);
const sealed = sealEnvelope(key, MESSAGE, seeded('a'));

describe('draft-irtf-cfrg-xchacha-03', () => {
  test('section 2.2.1: HChaCha20 of the tests', () => {
    expect(hchacha20(SECRET, hex('000000090000004a0000000031415927'))).toEqual(
      hex('82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc'),
    );
  });

  test('section A.3.1: the cipher that seals, and that of the tests', () => {
    const [vectorKey, nonce, ad] = [range(0x80, 0x9f), range(0x40, 0x57), hex('50515253c0c1c2c3c4c5c6c7')];
    const plaintext = utf8(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const ciphertext = xchacha20poly1305(vectorKey, nonce, ad).encrypt(plaintext);
    expect(Buffer.from(ciphertext).toString('hex')).toBe(
      'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216' +
        'cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13' +
        'b52ec0875924c1c7987947deafd8780acf49',
    );
    expect(xchachaOpen(vectorKey, nonce, ad, ciphertext)).toEqual(plaintext);
  });
});

describe('an envelope', () => {
  test('opens to what was sealed', () => {
    expect(openEnvelope(key, sealed)).toEqual(MESSAGE);
    expect(sealed).toHaveLength(ENVELOPE_BYTES + MESSAGE.body.length);
  });

  test('is opened by another implementation, from the secret and the subject', () => {
    const info = concat(utf8('CPNS service'), Uint8Array.of(1), utf8(SUBJECT));
    expect(sealed[0]).toBe(1);
    const opened = xchachaOpen(hkdf(SECRET, info), sealed.subarray(1, 25), Uint8Array.of(1), sealed.subarray(25));
    expect(opened).toEqual(concat(hex('0000019b76daa800'), MESSAGE.questionId, MESSAGE.body));
  });

  test.each([
    ['another secret', envelopeKey(range(1, 32), 'question', SUBJECT)],
    ['another subject', envelopeKey(SECRET, 'question', 'cpns.service.echo.send')],
    ['an answer', envelopeKey(SECRET, 'answer', SUBJECT)],
  ])('does not open as that of %s', (_, other) => {
    expect(openEnvelope(other, sealed)).toBeNull();
  });

  test('does not open with any bit flipped, or cut anywhere', () => {
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const touched = sealed.slice();
      touched[bit >> 3] = (touched[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openEnvelope(key, touched)).toBeNull();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(openEnvelope(key, sealed.slice(0, length))).toBeNull();
  });

  test('has another nonce each time', () => {
    const bytes = seeded('b');
    const nonces = Array.from({ length: 100 }, () =>
      Buffer.from(sealEnvelope(key, MESSAGE, bytes).subarray(1, 25)).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(100);
  });

  test('carries any body, and random bytes are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.uint8Array({ maxLength: 200 }), (body, random) => {
        const again = openEnvelope(key, sealEnvelope(key, { ...MESSAGE, body }, seeded('c')));
        expect(again?.body).toEqual(body);
        expect(openEnvelope(key, random)).toBeNull();
      }),
    );
  });

  test('takes a secret of 32 bytes and an id of 16, no others', () => {
    expect(() => envelopeKey(range(1, 16), 'question', SUBJECT)).toThrow('16 bytes long, not 32');
    expect(() => sealEnvelope(key, { ...MESSAGE, questionId: range(1, 8) }, seeded('d'))).toThrow('Draw 16 bytes');
  });
});

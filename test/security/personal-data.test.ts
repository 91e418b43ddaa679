import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openPersonal, sealPersonal, type PersonalPlace } from '../../security/personal-data.ts';

const key = new Uint8Array(32).fill(7);
const nonce = new Uint8Array(12).fill(9);
const place: PersonalPlace = { stream: 'subject/lamp', type: 'SubjectDescribed', keyId: 'subject/lamp/one' };
const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const sealed = sealPersonal(key, place, json({ name: 'Lamp' }), () => nonce);

describe('a sealed value', () => {
  test('is format, nonce and what another implementation of RFC 8439 makes of the padded JSON', () => {
    const data = new TextEncoder().encode('CPNS personal data\u0001\0subject/lamp\0SubjectDescribed\0subject/lamp/one');
    const plain = new TextEncoder().encode('{"name":"Lamp"}'.padEnd(128));
    const expected = [1, ...nonce, ...chacha20poly1305(key, nonce, data).encrypt(plain)];
    expect([...sealed]).toEqual(expected);
  });

  test('has one length for most names, and opens to JSON', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (name) => {
        const value = json({ name });
        const one = sealPersonal(key, place, value, () => nonce);
        if (value.length <= 128) expect(one).toHaveLength(sealed.length);
        const opened = openPersonal(key, place, one);
        expect(JSON.parse(new TextDecoder().decode(opened ?? new Uint8Array()))).toEqual({ name });
      }),
    );
  });

  test.each([
    ['under another key', new Uint8Array(32).fill(8), place],
    ['in another stream', key, { ...place, stream: 'subject/lock' }],
    ['as another event', key, { ...place, type: 'SubjectRenamed' }],
    ['under another id of its key', key, { ...place, keyId: 'subject/lamp/two' }],
  ])('does not open %s', (_, otherKey, otherPlace) => {
    expect(openPersonal(key, place, sealed)).not.toBeNull();
    expect(openPersonal(otherKey, otherPlace, sealed)).toBeNull();
  });

  test('does not open with any bit of it changed, or cut short', () => {
    for (let at = 0; at < sealed.length; at++) {
      expect(
        openPersonal(
          key,
          place,
          sealed.map((byte, i) => (i === at ? byte ^ 1 : byte)),
        ),
      ).toBeNull();
      expect(openPersonal(key, place, sealed.slice(0, at))).toBeNull();
    }
  });
});

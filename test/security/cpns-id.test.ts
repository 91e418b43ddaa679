import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpnsId } from '../../security/cpns-id.ts';

const idKey = new Uint8Array(32).fill(1);

test('the same device has the same CPNS ID, and only under the same key', () => {
  expect(cpnsId(idKey, 'watch-anna')).toMatchInlineSnapshot(`"cpns-aufrickkjqmdlippmrdhlc3xkk"`);
  expect(cpnsId(idKey, 'watch-anna')).toBe(cpnsId(idKey, 'watch-anna'));
  expect(cpnsId(idKey, 'watch-anna')).not.toBe(cpnsId(new Uint8Array(32), 'watch-anna'));
});

test('it is the first 130 bits of the HMAC in base32, five bits a character', () => {
  const property = fc.property(fc.string(), (deviceId) => {
    const mac = createHmac('sha256', idKey).update(new TextEncoder().encode(deviceId)).digest();
    const bits = [...mac].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const letters = (bits.slice(0, 130).match(/.{5}/g) ?? []).map((five) =>
      'abcdefghijklmnopqrstuvwxyz234567'.charAt(Number.parseInt(five, 2)),
    );
    expect(cpnsId(idKey, deviceId)).toBe(`cpns-${letters.join('')}`);
  });
  fc.assert(property);
});

test('it is itself an id of the wire format', () => {
  expect(cpnsId(idKey, 'x')).toMatch(/^cpns-[a-z2-7]{26}$/);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';

test('bytes come back as they were', () => {
  const property = fc.property(fc.uint8Array(), (bytes) => {
    expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
  });
  fc.assert(property);
});

test('a text that decodes is the only spelling of its bytes', () => {
  const property = fc.property(fc.string(), (text) => {
    const bytes = fromBase64url(text);
    expect(bytes === null ? text : toBase64url(bytes)).toBe(text);
  });
  fc.assert(property);
});

test.each(['AA==', 'A', 'AB', 'A+', 'A/', 'AA ', ' AA', 'AA\n', 'AAé'])('%j is refused', (text) => {
  expect(fromBase64url(text)).toBeNull();
});

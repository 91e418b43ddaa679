import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../../journal/port.ts';
import { canonicalJson } from '../../fold/canonical.ts';

/** RFC 8785, sections 3.2.2 to 3.2.4. */
test('writes numbers, literals and texts as the RFC has them', () => {
  const value: Json = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  );
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test('sorts keys by UTF-16 code unit', () => {
  const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
  const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
  const value = Object.fromEntries(names.map((name) => [name, null]));
  expect(canonicalJson(value)).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:null`).join()}}`);
});

test('is one text for a value in whatever order its keys came to be, and reads back as the value', () => {
  const reversed = (value: Json): Json => JSON.parse(JSON.stringify(value), (_, part: unknown) => turned(part));
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (generated) => {
      const value: Json = JSON.parse(JSON.stringify(generated));
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
    }),
    { numRuns: 300 },
  );
});

function turned(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).toReversed());
}

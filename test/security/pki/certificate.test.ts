import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCertificate } from '../../../security/pki/certificate.ts';
import { readDer } from '../../../security/pki/der-reader.ts';
import { Authority } from './authority.ts';

const authority = new Authority('operator');
const [device = new Uint8Array(0)] = authority.device('watch-anna').chain;
const CERTIFICATES = [authority.certificate.der, device];

/** What OpenSSL reads out of the same bytes; null where it takes them for no certificate. */
function stranger(der: Uint8Array) {
  try {
    const certificate = new X509Certificate(der);
    const { serialNumber, ca, validFromDate, validToDate, publicKey, subjectAltName } = certificate;
    return { serialNumber, ca, validFromDate, validToDate, publicKey, subjectAltName };
  } catch {
    return null;
  }
}

/** Whether both read it; then they read the same. */
function agree(der: Uint8Array): boolean {
  const [ours, theirs] = [readCertificate(der), stranger(der)];
  if (ours === null || theirs === null) return false;
  // A negative one is written differently there; RFC 5280 section 4.1.2.2 has none.
  if (!theirs.serialNumber.startsWith('-')) expect(BigInt(`0x${ours.serial}`)).toBe(BigInt(`0x${theirs.serialNumber}`));
  const timesMs = [theirs.validFromDate, theirs.validToDate].map((date) => date.getTime());
  expect([ours.notBeforeMs, ours.notAfterMs - 999]).toEqual(timesMs);
  expect(ours.publicKey.equals(theirs.publicKey)).toBe(true);
  if (theirs.ca) expect(ours.isAuthority && ours.keyUsage?.includes('keyCertSign') !== false).toBe(true);
  // Others are put in quotes there, with escapes.
  for (const uri of ours.uris.filter((one) => /^[a-z:-]+$/.test(one)))
    expect(theirs.subjectAltName).toContain(`URI:${uri}`);
  return true;
}

describe('a certificate', () => {
  test('says what OpenSSL reads in it', () => {
    for (const der of CERTIFICATES) {
      expect(agree(der)).toBe(true);
    }
    expect(readCertificate(device)?.uris).toEqual(['urn:cpns:device:watch-anna']);
    expect(readCertificate(device)?.keyUsage).toEqual(['keyAgreement']);
    expect(readCertificate(authority.certificate.der)).toMatchObject({
      isAuthority: true,
      pathLength: 0,
      keyUsage: ['keyCertSign', 'crlSign'],
    });
  });

  test('that was changed says what OpenSSL reads in it, wherever both still read it', () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: 2_000 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 });
    let agreed = 0;
    const property = fc.property(fc.constantFrom(...CERTIFICATES), changes, (der, changed) => {
      const other = der.slice();
      for (const [place, byte] of changed) other[place % other.length] = byte;
      if (agree(other)) agreed += 1;
    });
    fc.assert(property, { numRuns: 3_000 });
    expect(agreed).toBeGreaterThan(100);
  });

  test('is not read when it is cut anywhere, longer, or over its limit', () => {
    for (let length = 0; length < device.length; length++) expect(readCertificate(device.slice(0, length))).toBeNull();
    expect(readCertificate(Uint8Array.of(...device, 0))).toBeNull();
    expect(readCertificate(new Uint8Array(2_049))).toBeNull();
  });
});

describe('DER', () => {
  const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

  test.each([
    ['a length that is spelt longer than it must be', '308100', null],
    ['a length of more bytes than there are', '3005', null],
    ['a length without end', '30800000', null],
    ['bytes behind the value', '300000', null],
    ['another value', '3100', null],
    ['a length of three bytes that fits in two', `308300ffff${'00'.repeat(65_535)}`, null],
    ['a length of three bytes', `3083010000${'00'.repeat(65_536)}`, 65_536],
    ['the value', '3000', 0],
  ])('%s', (_, text, expected) => {
    expect(readDer(hex(text), (values) => values.value(0x30).content.length)).toBe(expected);
  });

  test.each([
    ['0200', null],
    ['020100', 0],
    ['02017f', 127],
    ['02020080', 128],
    ['0202007f', null],
    ['020180', null],
    ['02047fffffff', 2 ** 31 - 1],
    ['02050080000000', null],
  ])('the number %s is %j', (text, expected) => {
    expect(readDer(hex(text), (values) => values.count())).toBe(expected);
  });

  test.each([
    ['17', '260101000000Z', Date.UTC(2026, 0, 1)],
    ['17', '491231235959Z', Date.UTC(2049, 11, 31, 23, 59, 59)],
    ['17', '500101000000Z', Date.UTC(1950, 0, 1)],
    ['18', '20500101000000Z', Date.UTC(2050, 0, 1)],
    ['17', '260229000000Z', null],
    ['17', '261301000000Z', null],
    ['17', '260101240000Z', null],
    ['17', '260101000060Z', null],
    ['17', '2601010000Z', null],
    ['17', '260101000000+0100', null],
    ['18', '20500101000000.5Z', null],
  ])('the time %s %s is %j', (tag, text, expected) => {
    const content = Buffer.from(text);
    const value = hex(`${tag}${content.length.toString(16).padStart(2, '0')}${content.toString('hex')}`);
    expect(readDer(value, (values) => values.time())).toBe(expected);
  });

  test.each([
    ['06032b6570', '1.3.101.112'],
    ['06082a8648ce3d040302', '1.2.840.10045.4.3.2'],
    ['0603551d11', '2.5.29.17'],
    ['0603883703', '2.999.3'],
    ['0600', null],
    ['06022b80', null],
    ['06032b8065', null],
  ])('the identifier %s is %j', (text, expected) => {
    expect(readDer(hex(text), (values) => values.oid())).toBe(expected);
  });
});

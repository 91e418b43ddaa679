import { afterAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../../security/pki/certificate.ts';
import { deviceNamed } from '../../../security/pki/identity.ts';
import { issueCertificate, issueRevocationList } from '../../../security/pki/issue.ts';
import {
  keyPairFromPem,
  keyPairToPem,
  newSigningKey,
  publicKeyFromPem,
  publicKeyToPem,
  signingKeyFromPem,
  signingKeyToPem,
} from '../../../security/pki/keys.ts';
import { fromPem, toPem } from '../../../security/pki/pem.ts';
import { readRevocationList } from '../../../security/pki/revocation-list.ts';
import { readTrustAnchor, verifyCertificate } from '../../../security/pki/verify.ts';
import { Authority, EPOCH_MS, PERIOD } from './authority.ts';
import { OpenSsl } from './openssl.ts';

const openssl = new OpenSsl();
afterAll(() => openssl.close());

const authority = new Authority('CPNS test operator');
const device = authority.device('watch-anna');
const [der = new Uint8Array(0)] = device.chain;
const { certificate: root, issuer } = authority;
const atMs = EPOCH_MS + 1_000;
const verify = (revocation: Parameters<typeof verifyCertificate>[0]['revocation'] = []) =>
  verifyCertificate({
    chain: device.chain,
    trustAnchors: [root],
    revocation,
    principal: deviceNamed('watch-anna'),
    at: atMs,
  });

openssl.write('ca.pem', toPem('CERTIFICATE', root.der));
openssl.write('device.pem', toPem('CERTIFICATE', der));

describe('a certificate of ours', () => {
  test('is valid here, with the key that was certified', () => {
    const result = verify();
    expect(result.kind === 'valid' ? result.publicKey : result.reason).toEqual(device.staticKey.publicKey);
  });

  test('reads with openssl as what it is', () => {
    const text = openssl.run('x509', '-in', 'device.pem', '-noout', '-text');
    for (const line of [
      'Version: 3 (0x2)',
      'Signature Algorithm: ED25519',
      'Issuer: CN = CPNS test operator',
      'Subject: CN = watch-anna',
      'Public Key Algorithm: X25519',
      'X509v3 Key Usage: critical\n                Key Agreement\n',
      'X509v3 Basic Constraints: critical\n                CA:FALSE\n',
      'URI:urn:cpns:device:watch-anna',
    ]) {
      expect(text).toContain(line);
    }
    expect(openssl.run('x509', '-in', 'ca.pem', '-noout', '-text')).toContain('Certificate Sign, CRL Sign');
  });

  test('is verified by openssl, strictly, and against a revocation list of ours', () => {
    const seconds = String(atMs / 1_000);
    const check = (...more: readonly string[]): string =>
      openssl.run('verify', '-x509_strict', '-attime', seconds, '-CAfile', 'ca.pem', ...more, 'device.pem');
    expect(check()).toBe('device.pem: OK\n');
    const list = { issuer, number: 7, thisUpdateMs: EPOCH_MS, nextUpdateMs: PERIOD.notAfterMs };
    openssl.write('crl.pem', toPem('X509 CRL', issueRevocationList({ ...list, revoked: [] })));
    expect(check('-crl_check', '-CRLfile', 'crl.pem')).toBe('device.pem: OK\n');
    const revoked = [{ serial: readCertificate(der)?.serial ?? '', revokedAtMs: EPOCH_MS }];
    openssl.write('crl.pem', toPem('X509 CRL', issueRevocationList({ ...list, revoked })));
    expect(() => check('-crl_check', '-CRLfile', 'crl.pem')).toThrow(/certificate revoked/);
    expect(openssl.run('crl', '-in', 'crl.pem', '-noout', '-crlnumber', '-CAfile', 'ca.pem')).toContain(
      'crlNumber=0x07',
    );
  });

  test('keeps whole seconds, and both time formats (RFC 5280 section 4.1.2.5)', () => {
    const period = { notBeforeMs: EPOCH_MS + 1_234, notAfterMs: Date.UTC(2051, 5, 1) + 567 };
    const [long = new Uint8Array(0)] = authority.device('long', period).chain;
    const read = readCertificate(long);
    expect(read?.notBeforeMs).toBe(EPOCH_MS + 1_000);
    expect(read?.notAfterMs).toBe(Date.UTC(2051, 5, 1) + 999);
  });

  test('is renewed for the same key under another serial number', () => {
    const { bytes } = authority;
    const { publicKey } = device.staticKey;
    const renewed = issueCertificate({ issuer, principal: deviceNamed('watch-anna'), publicKey, bytes, ...PERIOD });
    expect(readCertificate(renewed)?.publicKey.equals(readCertificate(der)?.publicKey ?? issuer.key.handle)).toBe(true);
    expect(readCertificate(renewed)?.serial).not.toBe(readCertificate(der)?.serial);
  });
});

test('an authority made with openssl issues here: devices and a list', () => {
  openssl.authority('p256', 'p256');
  const certificate = readTrustAnchor(openssl.der('p256.pem'));
  const key = signingKeyFromPem(openssl.read('p256.key'));
  if (certificate === null || key === null) throw new Error('not read');
  const p256 = { certificate, key };
  const nowMs = Date.now() + 60_000;
  const period = { notBeforeMs: nowMs - 1_000, notAfterMs: nowMs + 86_400_000 };
  const { publicKey } = device.staticKey;
  const { bytes } = authority;
  const issued = issueCertificate({ issuer: p256, principal: deviceNamed('watch-anna'), publicKey, bytes, ...period });
  openssl.write('by-p256.pem', toPem('CERTIFICATE', issued));
  expect(
    openssl.run('verify', '-CAfile', 'p256.pem', '-attime', String(Math.ceil(nowMs / 1_000)), 'by-p256.pem'),
  ).toContain('OK');
  const revoked = [{ serial: readCertificate(issued)?.serial ?? '', revokedAtMs: nowMs }];
  const list = issueRevocationList({
    issuer: p256,
    number: 1,
    revoked,
    thisUpdateMs: nowMs,
    nextUpdateMs: nowMs + 1_000,
  });
  const read = readRevocationList(list, certificate);
  if (read.kind === 'refused') throw new Error(read.reason);
  const options = { chain: [issued], trustAnchors: [certificate], principal: deviceNamed('watch-anna'), at: nowMs };
  expect(verifyCertificate({ ...options, revocation: [] }).kind).toBe('valid');
  expect(verifyCertificate({ ...options, revocation: [read.list] })).toEqual({
    kind: 'refused',
    reason: 'revoked',
  });
});

test('a revocation list of ours reads as it was written, whatever the serial numbers', () => {
  const serials = ['0', '1', '7f', '80', 'ff00', 'abc', 'f'.repeat(40)];
  const revoked = serials.map((serial) => ({ serial, revokedAtMs: EPOCH_MS }));
  const list = { issuer, number: 300, revoked, thisUpdateMs: EPOCH_MS, nextUpdateMs: PERIOD.notAfterMs };
  const read = readRevocationList(issueRevocationList(list), root);
  if (read.kind === 'refused') throw new Error(read.reason);
  expect(read.list.number).toBe(300);
  expect(read.list.thisUpdateMs).toBe(EPOCH_MS);
  expect(read.list.nextUpdateMs).toBe(PERIOD.notAfterMs);
  const normal = (serial: string): string => serial.padStart(serial.length + (serial.length % 2), '0');
  expect([...read.list.revoked.keys()]).toEqual(serials.map(normal));
});

describe('keys as PEM', () => {
  test('come back as they were, and openssl reads them', () => {
    const pem = keyPairToPem(device.staticKey);
    expect(keyPairFromPem(pem)?.secret).toEqual(device.staticKey.secret);
    openssl.write('device.key', pem);
    const pub = openssl.run('pkey', '-in', 'device.key', '-pubout');
    expect(pub).toBe(publicKeyToPem(device.staticKey.publicKey));
    expect(publicKeyFromPem(pub)).toEqual(device.staticKey.publicKey);
    const signing = newSigningKey(authority.bytes);
    expect(signingKeyFromPem(signingKeyToPem(signing))?.handle.equals(signing.handle)).toBe(true);
  });

  test('of another kind, or no keys at all, are null', () => {
    openssl.key('rsa', 'rsa');
    openssl.key('x25519', 'x25519');
    openssl.key('ed25519', 'ed25519');
    expect(signingKeyFromPem(openssl.read('rsa.key'))).toBeNull();
    expect(signingKeyFromPem(openssl.read('x25519.key'))).toBeNull();
    expect(keyPairFromPem(openssl.read('ed25519.key'))).toBeNull();
    expect(publicKeyFromPem(openssl.read('ed25519.pub'))).toBeNull();
    for (const read of [signingKeyFromPem, keyPairFromPem, publicKeyFromPem]) expect(read('no key')).toBeNull();
  });

  test('blocks of other labels and text between them are left aside', () => {
    const text = `a comment\n${openssl.read('x25519.key')}\n${openssl.read('ca.pem')}text\n${openssl.read('device.pem')}`;
    expect(fromPem('CERTIFICATE', text)).toEqual([root.der, der]);
  });
});

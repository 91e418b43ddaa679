import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceNamed, gatewayNamed, type Principal } from '../../../security/pki/identity.ts';
import { keyPairFromPem, publicKeyFromPem } from '../../../security/pki/keys.ts';
import { readRevocationList, type RevocationList } from '../../../security/pki/revocation-list.ts';
import { readTrustAnchor, verifyCertificate } from '../../../security/pki/verify.ts';
import { OpenSsl } from './openssl.ts';

const DAY_MS = 86_400_000;
/** After every certificate that a test makes. */
const nowMs = Date.now() + 60_000;
const openssl = new OpenSsl();
afterAll(() => openssl.close());

const SAN = 'subjectAltName=URI:urn:cpns:device:watch-anna';
const AGREEMENT = 'keyUsage=critical,keyAgreement';

function anchor(name: string) {
  const certificate = readTrustAnchor(openssl.der(`${name}.pem`));
  if (certificate === null) throw new Error(`${name} is no trust anchor`);
  return certificate;
}

interface Case {
  readonly chain: readonly string[];
  readonly anchors?: readonly string[];
  readonly principal?: Principal;
  readonly at?: number;
  readonly revocation?: readonly RevocationList[];
}

function verdict({
  chain,
  anchors = ['root'],
  principal = deviceNamed('watch-anna'),
  at = nowMs,
  revocation = [],
}: Case) {
  const ders = chain.map((name) => openssl.der(`${name}.pem`));
  const result = verifyCertificate({ chain: ders, trustAnchors: anchors.map(anchor), revocation, principal, at });
  return result.kind === 'valid' ? 'valid' : result.reason;
}

beforeAll(() => {
  openssl.authority('root', 'ed25519');
  openssl.device('device', 'root', 'watch-anna');
});

describe('a certificate made with openssl', () => {
  test('is valid, and its public key is the one that openssl wrote', () => {
    const chain = [openssl.der('device.pem')];
    const options = {
      chain,
      trustAnchors: [anchor('root')],
      revocation: [],
      principal: deviceNamed('watch-anna'),
      at: nowMs,
    };
    const result = verifyCertificate(options);
    if (result.kind === 'refused') throw new Error(result.reason);
    expect(result.publicKey).toEqual(publicKeyFromPem(openssl.read('device.pub')));
    expect(result.publicKey).toEqual(keyPairFromPem(openssl.read('device.key'))?.publicKey);
  });

  test('is valid from an ECDSA P-256 issuer too', () => {
    openssl.authority('ecdsa', 'p256');
    openssl.device('ecdsa-device', 'ecdsa', 'watch-anna');
    expect(verdict({ chain: ['ecdsa-device'], anchors: ['root', 'ecdsa'] })).toBe('valid');
  });

  test('is valid under an authority in between, with the root sent along or not', () => {
    openssl.key('middle', 'p256');
    openssl.certify('middle', 'root', ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=keyCertSign,cRLSign']);
    openssl.device('below', 'middle', 'watch-anna');
    expect(verdict({ chain: ['below', 'middle'] })).toBe('valid');
    expect(verdict({ chain: ['below', 'middle', 'root'] })).toBe('valid');
    expect(verdict({ chain: ['below'], anchors: ['middle'] })).toBe('valid');
    expect(verdict({ chain: ['below'] })).toBe('unknownIssuer');
    expect(verdict({ chain: ['below', 'device'] })).toBe('unknownIssuer');
    openssl.key('lower', 'ed25519');
    openssl.certify('lower', 'middle', ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign']);
    openssl.device('too-low', 'lower', 'watch-anna');
    expect(verdict({ chain: ['too-low', 'lower', 'middle'] })).toBe('chainTooLong');
  });

  test('is valid without a key usage, which then allows any (RFC 5280 section 4.2.1.3)', () => {
    openssl.key('plain', 'x25519');
    openssl.certify('plain', 'root', [SAN]);
    expect(verdict({ chain: ['plain'] })).toBe('valid');
  });
});

describe('a certificate that is refused', () => {
  test('is told apart by when it is', () => {
    expect(verdict({ chain: ['device'], at: nowMs - DAY_MS })).toBe('notYetValid');
    expect(verdict({ chain: ['device'], at: nowMs + 29 * DAY_MS })).toBe('valid');
    expect(verdict({ chain: ['device'], at: nowMs + 31 * DAY_MS })).toBe('expired');
  });

  test('is told apart when it outlives its issuer', () => {
    openssl.authority('short', 'ed25519', '-days', '2');
    openssl.device('outlives', 'short', 'watch-anna');
    expect(verdict({ chain: ['outlives'], anchors: ['short'] })).toBe('valid');
    expect(verdict({ chain: ['outlives'], anchors: ['short'], at: nowMs + 3 * DAY_MS })).toBe('expired');
  });

  test('is told apart by who signed it: another authority, one of the same name, nobody', () => {
    openssl.authority('foreign', 'ed25519');
    openssl.device('stranger', 'foreign', 'watch-anna');
    expect(verdict({ chain: ['stranger'] })).toBe('unknownIssuer');
    expect(verdict({ chain: ['stranger', 'foreign'] })).toBe('unknownIssuer');
    expect(verdict({ chain: ['device'], anchors: [] })).toBe('unknownIssuer');
    openssl.authority('namesake', 'ed25519', '-subj', '/CN=root');
    openssl.device('impostor', 'namesake', 'watch-anna');
    expect(verdict({ chain: ['impostor'] })).toBe('unknownIssuer');
    const forged = openssl.der('device.pem');
    forged[forged.length - 5] = (forged[forged.length - 5] ?? 0) ^ 1;
    const options = { trustAnchors: [anchor('root')], revocation: [], principal: deviceNamed('watch-anna'), at: nowMs };
    expect(verifyCertificate({ ...options, chain: [forged] })).toEqual({
      kind: 'refused',
      reason: 'badSignature',
    });
  });

  test('is told apart by what it is for and whose it is', () => {
    expect(verdict({ chain: ['device'], principal: deviceNamed('watch-ann') })).toBe('wrongIdentity');
    expect(verdict({ chain: ['device'], principal: deviceNamed('watch-anna2') })).toBe('wrongIdentity');
    for (const [name, extensions, reason] of [
      ['nameless', [AGREEMENT], 'wrongIdentity'],
      ['by-dns', ['subjectAltName=DNS:watch-anna', AGREEMENT], 'wrongIdentity'],
      ['signing', [SAN, 'keyUsage=digitalSignature'], 'wrongKeyUsage'],
      ['unknown-critical', [SAN, '1.2.3.4=critical,ASN1:UTF8String:x'], 'malformed'],
      ['name-constraints', [SAN, 'nameConstraints=critical,permitted;DNS:x'], 'malformed'],
    ] as const) {
      openssl.key(name, 'x25519');
      openssl.certify(name, 'root', extensions);
      expect([name, verdict({ chain: [name] })]).toEqual([name, reason]);
    }
  });

  test('is of a device or of a PN GW, whatever their ids, and never of both', () => {
    const gateway = { principal: gatewayNamed('watch-anna') };
    openssl.key('gateway', 'x25519');
    openssl.certify('gateway', 'root', ['subjectAltName=URI:urn:cpns:gateway:watch-anna', AGREEMENT]);
    expect(verdict({ chain: ['gateway'], ...gateway })).toBe('valid');
    expect(verdict({ chain: ['gateway'] })).toBe('wrongIdentity');
    expect(verdict({ chain: ['device'], ...gateway })).toBe('wrongIdentity');
    for (const [name, more] of [
      ['both', 'URI:urn:cpns:gateway:watch-anna'],
      ['two-devices', 'URI:urn:cpns:device:watch-otto'],
      ['both-spelt-otherwise', 'URI:URN:CPNS:gateway:watch-anna'],
    ] as const) {
      openssl.key(name, 'x25519');
      openssl.certify(name, 'root', [`${SAN},${more}`, AGREEMENT]);
      expect([name, verdict({ chain: [name] })]).toEqual([name, 'wrongIdentity']);
      expect([name, verdict({ chain: [name], ...gateway })]).toEqual([name, 'wrongIdentity']);
    }
    openssl.key('elsewhere', 'x25519');
    openssl.certify('elsewhere', 'root', [`${SAN},URI:https://example.org/watch,DNS:watch.example.org`, AGREEMENT]);
    expect(verdict({ chain: ['elsewhere'] })).toBe('valid');
  });

  test.each(['ed25519', 'p256'] as const)('is told apart by its key: %s cannot agree on a secret here', (algorithm) => {
    openssl.key(`key-${algorithm}`, algorithm);
    openssl.certify(`key-${algorithm}`, 'root', [SAN, AGREEMENT]);
    expect(verdict({ chain: [`key-${algorithm}`] })).toBe('wrongKeyType');
  });

  test('is told apart when a device, or an authority that may not, signed it', () => {
    openssl.key('no-ca', 'ed25519');
    openssl.certify('no-ca', 'root', ['basicConstraints=CA:FALSE']);
    openssl.device('by-no-ca', 'no-ca', 'watch-anna');
    expect(verdict({ chain: ['by-no-ca', 'no-ca'] })).toBe('wrongKeyUsage');
    openssl.key('only-lists', 'ed25519');
    openssl.certify('only-lists', 'root', ['basicConstraints=CA:TRUE', 'keyUsage=cRLSign']);
    openssl.device('by-only-lists', 'only-lists', 'watch-anna');
    expect(verdict({ chain: ['by-only-lists', 'only-lists'] })).toBe('wrongKeyUsage');
  });

  test('is malformed or too long, and never an exception', () => {
    const options = { trustAnchors: [anchor('root')], revocation: [], principal: deviceNamed('watch-anna'), at: nowMs };
    const refuse = (chain: readonly Uint8Array[]) => verifyCertificate({ ...options, chain });
    const der = openssl.der('device.pem');
    expect(refuse([])).toEqual({ kind: 'refused', reason: 'malformed' });
    expect(refuse([new Uint8Array(2_049)])).toEqual({ kind: 'refused', reason: 'malformed' });
    expect(refuse([der, der, der, der])).toEqual({ kind: 'refused', reason: 'chainTooLong' });
    // Nested as deep as the size allows.
    expect(refuse([Uint8Array.from({ length: 2_048 }, (_, i) => (i % 2 === 0 ? 0x30 : 0x80))]).kind).toBe('refused');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (any) => refuse([any]).kind === 'refused'));
    const splice = fc.tuple(fc.nat(der.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }));
    fc.assert(
      fc.property(splice, ([at, put]) => {
        const spliced = Uint8Array.of(...der.slice(0, at), ...put, ...der.slice(at));
        return refuse([spliced]).kind === 'refused';
      }),
    );
  });

  test('has one bit, whichever, flipped', () => {
    const der = openssl.der('device.pem');
    const options = { trustAnchors: [anchor('root')], revocation: [], principal: deviceNamed('watch-anna'), at: nowMs };
    const accepted = Array.from({ length: der.length * 8 }, (_, bit) => bit).filter((bit) => {
      const flipped = der.with(bit >> 3, (der[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      return verifyCertificate({ ...options, chain: [flipped] }).kind === 'valid';
    });
    expect(accepted).toEqual([]);
  });
});

describe('a trust anchor', () => {
  test('has a key of a kind that is known, and is an authority', () => {
    openssl.authority('rsa', 'rsa');
    openssl.device('rsa-device', 'rsa', 'watch-anna');
    expect(readTrustAnchor(openssl.der('rsa.pem'))).toBeNull();
    expect(readTrustAnchor(openssl.der('device.pem'))).toBeNull();
  });
});

describe('a revocation list made with openssl', () => {
  test('revokes what it names and nothing else', () => {
    openssl.device('lost', 'root', 'watch-anna');
    const der = openssl.revocationList('root', ['lost']);
    const read = readRevocationList(der, anchor('root'));
    if (read.kind === 'refused') throw new Error(read.reason);
    expect(read.list.number).toBe(1);
    expect(verdict({ chain: ['lost'] })).toBe('valid');
    expect(verdict({ chain: ['lost'], revocation: [read.list] })).toBe('revoked');
    expect(verdict({ chain: ['device'], revocation: [read.list] })).toBe('valid');
  });

  test('is refused when another issuer signed it, or a bit was flipped', () => {
    const der = openssl.revocationList('root', []);
    expect(readRevocationList(der, anchor('root')).kind).toBe('read');
    openssl.authority('other', 'p256');
    expect(readRevocationList(der, anchor('other'))).toEqual({ kind: 'refused', reason: 'wrongIssuer' });
    openssl.authority('other-root', 'ed25519', '-subj', '/CN=root');
    expect(readRevocationList(der, anchor('other-root'))).toEqual({ kind: 'refused', reason: 'badSignature' });
    for (let bit = 0; bit < der.length * 8; bit++) {
      const flipped = der.with(bit >> 3, (der[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      expect(readRevocationList(flipped, anchor('root')).kind).toBe('refused');
    }
    fc.assert(fc.property(fc.uint8Array(), (any) => readRevocationList(any, anchor('root')).kind === 'refused'));
  });
});

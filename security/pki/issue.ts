/**
 * Certificates made (RFC 5280 section 4, RFC 8410): an authority that signs itself, and devices and PN GWs certified by it. An
 * X25519 key cannot sign, so they have no certificate request: a public key and an id are all that is known of them.
 */
import { createPublicKey } from 'node:crypto';
import { OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate as CertificateSchema,
  CertificateList,
  CRLNumber,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_cRLNumber,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  RevokedCertificate,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  TBSCertList,
  Time,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import { sha256 } from '../noise/hkdf.ts';
import type { RandomBytes } from '../random-bytes.ts';
import { assertKey, SecurityError } from '../security-error.ts';
import { signWith } from './algorithms.ts';
import { MAX_CERTIFICATE_BYTES, type Certificate } from './certificate.ts';
import { fromDer, toDer } from './der.ts';
import { principalUri, type Principal } from './identity.ts';
import type { SigningKey } from './keys.ts';
import type { Revocation } from './revocation-list.ts';

/** A certificate and the key to it. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly key: SigningKey;
}

/** Unix time in milliseconds; a certificate keeps whole seconds. */
export interface Period {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const SERIAL_BYTES = 16;
const COMMON_NAME = '2.5.4.3';
const X25519_OID = '1.3.101.110';

/** The DER of a certificate for the authority itself: it signs certificates and revocation lists, and no authority below it. */
export function issueAuthority(
  options: Period & { readonly name: string; readonly key: SigningKey; readonly bytes: RandomBytes },
): Uint8Array {
  const { key } = options;
  const spki = new Uint8Array(createPublicKey(key.handle).export({ format: 'der', type: 'spki' }));
  const subjectPublicKeyInfo = fromDer(spki, SubjectPublicKeyInfo, { bytes: spki.length, nodes: 16 });
  if (subjectPublicKeyInfo === null)
    throw new SecurityError('The key of the authority does not read.', 'Make a new one.');
  const subject = commonName(options.name);
  const keyId = keyIdentifierOf(new Uint8Array(subjectPublicKeyInfo.subjectPublicKey));
  const uses = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
  return certify(options, {
    issuer: subject,
    subject,
    subjectPublicKeyInfo,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), 'critical'),
      extension(id_ce_keyUsage, new KeyUsage(uses), 'critical'),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId)),
      extension(id_ce_authorityKeyIdentifier, authorityKey(keyId)),
    ],
  });
}

/** The DER of a certificate for the X25519 key of a device or a PN GW: for key agreement, in its name and no other. */
export function issueCertificate(
  options: Period & {
    readonly issuer: Issuer;
    readonly principal: Principal;
    /** 32 bytes. */
    readonly publicKey: Uint8Array;
    readonly bytes: RandomBytes;
  },
): Uint8Array {
  const { issuer, principal, publicKey } = options;
  assertKey(`The public key of the ${principal.kind}`, publicKey);
  const name = new GeneralName({ uniformResourceIdentifier: principalUri(principal) });
  return certify(
    { ...options, key: issuer.key },
    {
      issuer: nameOf(issuer),
      subject: commonName(principal.id),
      subjectPublicKeyInfo: new SubjectPublicKeyInfo({
        algorithm: new AlgorithmIdentifier({ algorithm: X25519_OID }),
        subjectPublicKey: bufferOf(publicKey),
      }),
      extensions: [
        extension(id_ce_basicConstraints, new BasicConstraints(), 'critical'),
        extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyAgreement), 'critical'),
        extension(id_ce_subjectAltName, new SubjectAlternativeName([name])),
        extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifierOf(publicKey))),
        extension(id_ce_authorityKeyIdentifier, authorityKey(keyIdOf(issuer))),
      ],
    },
  );
}

/**
 * The DER of a revocation list (RFC 5280 section 5): it names every certificate that is revoked and has not expired.
 * @param options.number higher than that of the list before
 */
export function issueRevocationList(options: {
  readonly issuer: Issuer;
  readonly number: number;
  readonly revoked: readonly Revocation[];
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}): Uint8Array {
  const { issuer, revoked } = options;
  const { algorithm, handle } = issuer.key;
  const signature = new AlgorithmIdentifier({ algorithm: algorithm.oid });
  const tbsCertList = new TBSCertList({
    version: Version.v2,
    signature,
    issuer: nameOf(issuer),
    thisUpdate: timeOf(options.thisUpdateMs),
    nextUpdate: timeOf(options.nextUpdateMs),
    // Section 5.1.2.6: an empty list of revoked certificates is left out.
    ...(revoked.length === 0 ? {} : { revokedCertificates: revoked.map(entryOf) }),
    crlExtensions: [
      extension(id_ce_authorityKeyIdentifier, authorityKey(keyIdOf(issuer))),
      extension(id_ce_cRLNumber, new CRLNumber(options.number)),
    ],
  });
  const value = signWith(algorithm, handle, toDer(tbsCertList));
  return toDer(new CertificateList({ tbsCertList, signatureAlgorithm: signature, signature: bufferOf(value) }));
}

function entryOf({ serial, revokedAtMs }: Revocation): RevokedCertificate {
  const magnitude = Buffer.from(serial.length % 2 === 0 ? serial : `0${serial}`, 'hex');
  const isNegative = (magnitude[0] ?? 0) >= 0x80;
  const userCertificate = bufferOf(isNegative ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude);
  return new RevokedCertificate({ userCertificate, revocationDate: timeOf(revokedAtMs) });
}

function certify(
  options: Period & { readonly key: SigningKey; readonly bytes: RandomBytes },
  fields: {
    readonly issuer: Name;
    readonly subject: Name;
    readonly subjectPublicKeyInfo: SubjectPublicKeyInfo;
    readonly extensions: Extension[];
  },
): Uint8Array {
  const { algorithm, handle } = options.key;
  const signature = new AlgorithmIdentifier({ algorithm: algorithm.oid });
  const validity = new Validity({
    notBefore: timeOf(options.notBeforeMs).getTime(),
    notAfter: timeOf(options.notAfterMs).getTime(),
  });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(options.bytes),
    signature,
    issuer: fields.issuer,
    validity,
    subject: fields.subject,
    subjectPublicKeyInfo: fields.subjectPublicKeyInfo,
    extensions: new Extensions(fields.extensions),
  });
  const signatureValue = bufferOf(signWith(algorithm, handle, toDer(tbsCertificate)));
  return toDer(new CertificateSchema({ tbsCertificate, signatureAlgorithm: signature, signatureValue }));
}

/** 127 random bits under a first byte of 40 to 7f: positive, and never shortened (RFC 5280 section 4.1.2.2). */
function serialNumber(bytes: RandomBytes): ArrayBuffer {
  const serial = bytes(SERIAL_BYTES);
  return bufferOf(serial.with(0, ((serial[0] ?? 0) & 0x3f) | 0x40));
}

function commonName(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

function nameOf({ certificate }: Issuer): Name {
  const parsed = fromDer(certificate.der, CertificateSchema, { bytes: MAX_CERTIFICATE_BYTES, nodes: 256 });
  if (parsed === null) throw new SecurityError('The certificate of the issuer does not read.', 'Read it anew.');
  return parsed.tbsCertificate.subject;
}

/** RFC 7093 section 2, method 1: the first 160 bits of the key's SHA-256. */
function keyIdentifierOf(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, 20);
}

function keyIdOf({ certificate }: Issuer): Uint8Array | null {
  return certificate.subjectKeyId === null ? null : Buffer.from(certificate.subjectKeyId, 'hex');
}

function authorityKey(keyId: Uint8Array | null): AuthorityKeyIdentifier {
  return new AuthorityKeyIdentifier(keyId === null ? {} : { keyIdentifier: new KeyIdentifier(keyId) });
}

function extension(extnID: string, value: object, weight: 'critical' | 'informative' = 'informative'): Extension {
  return new Extension({ extnID, critical: weight === 'critical', extnValue: new OctetString(toDer(value)) });
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5); the library knows which. */
function timeOf(ms: number): Time {
  return new Time(new Date(Math.floor(ms / 1_000) * 1_000));
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

/**
 * A certificate (X.509, RFC 5280 section 4.1) read into what the checks need. Nothing is trusted yet: `verify.ts` decides.
 *
 * An extension that is critical and not in the table below makes a certificate unreadable, as section 4.2 demands.
 */
import type { KeyObject } from 'node:crypto';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate as CertificateSchema,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  type Extension,
  type KeyUsageType,
} from '@peculiar/asn1-x509';
import { publicKeyOf } from './algorithms.ts';
import { fromDer, fromInnerDer, isSpeltOut, isWritable, toDer } from './der.ts';

/** A device certificate made here has 400 bytes, one of `openssl` with ECDSA 500. Three must fit one handshake message. */
export const MAX_CERTIFICATE_BYTES = 2_048;
const LIMITS = { bytes: MAX_CERTIFICATE_BYTES, nodes: 256 };
const MAX_EXTENSIONS = 24;

export interface Signed {
  /** What the signature is over. */
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  /** Of the signature's algorithm. */
  readonly oid: string;
}

export interface Certificate extends Signed {
  readonly der: Uint8Array;
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  /** Names as hex of their DER: equal when the issuer copied its subject, as every issuer does. */
  readonly issuer: string;
  readonly subject: string;
  readonly notBeforeMs: number;
  /** The last second counts in full (RFC 5280 section 4.1.2.5). */
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  readonly isAuthority: boolean;
  /** How many authorities may follow towards the device; null: any number. */
  readonly pathLength: number | null;
  /** Null: no such extension, so any use (RFC 5280 section 4.2.1.3). */
  readonly keyUsage: readonly KeyUsageType[] | null;
  /** Subject alternative names that are URIs. */
  readonly uris: readonly string[];
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
}

const KNOWN = new Set<string>([
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
]);

/** Null for any bytes that are no certificate within the limits. */
export function readCertificate(der: Uint8Array): Certificate | null {
  const parsed = fromDer(der, CertificateSchema, LIMITS);
  if (parsed === null) return null;
  const { tbsCertificate: tbs, tbsCertificateRaw } = parsed;
  if (tbsCertificateRaw === undefined) return null;
  if (!isWritable(tbs.signature, tbs.issuer, tbs.subject, tbs.subjectPublicKeyInfo)) return null;
  const data = new Uint8Array(tbsCertificateRaw);
  const signature = new Uint8Array(parsed.signatureValue);
  if (!isSpeltOut(der, { data, algorithm: tbs.signature, signature })) return null;
  const extensions = readExtensions(tbs.extensions ?? []);
  const publicKey = publicKeyOf(toDer(tbs.subjectPublicKeyInfo));
  if (extensions === null || publicKey === null) return null;
  const notBeforeMs = tbs.validity.notBefore.getTime().getTime();
  const notAfterMs = tbs.validity.notAfter.getTime().getTime() + 999;
  if (!Number.isFinite(notBeforeMs) || !Number.isFinite(notAfterMs)) return null;
  return {
    der,
    data,
    signature,
    oid: tbs.signature.algorithm,
    serial: serialOf(tbs.serialNumber),
    issuer: hexOf(toDer(tbs.issuer)),
    subject: hexOf(toDer(tbs.subject)),
    notBeforeMs,
    notAfterMs,
    publicKey,
    ...extensions,
  };
}

type Extended = Pick<
  Certificate,
  'isAuthority' | 'pathLength' | 'keyUsage' | 'uris' | 'subjectKeyId' | 'authorityKeyId'
>;

/** Null when one is critical and unknown, stands twice, or does not read. */
function readExtensions(extensions: readonly Extension[]): Extended | null {
  const byId = new Map(extensions.map((extension) => [extension.extnID, extension.extnValue.buffer]));
  if (byId.size !== extensions.length || byId.size > MAX_EXTENSIONS) return null;
  if (extensions.some(({ critical, extnID }) => critical && !KNOWN.has(extnID))) return null;
  let isReadable = true;
  const read = <T>(id: string, schema: new () => T): T | null => {
    const value = byId.get(id);
    const inner = value === undefined ? null : fromInnerDer(value, schema);
    if (value !== undefined && inner === null) isReadable = false;
    return inner;
  };
  const basic = read(id_ce_basicConstraints, BasicConstraints);
  const names = read(id_ce_subjectAltName, SubjectAlternativeName);
  const subjectKeyId = read(id_ce_subjectKeyIdentifier, SubjectKeyIdentifier);
  const authority = read(id_ce_authorityKeyIdentifier, AuthorityKeyIdentifier);
  const keyUsage = read(id_ce_keyUsage, KeyUsage);
  if (!isReadable) return null;
  return {
    isAuthority: basic?.cA ?? false,
    pathLength: basic?.pathLenConstraint ?? null,
    keyUsage: keyUsage?.toJSON() ?? null,
    uris: [...(names ?? [])].map((name) => name.uniformResourceIdentifier).filter((uri) => uri !== undefined),
    subjectKeyId: subjectKeyId === null ? null : hexOf(subjectKeyId.buffer),
    authorityKeyId: authority?.keyIdentifier === undefined ? null : hexOf(authority.keyIdentifier.buffer),
  };
}

export function serialOf(integer: ArrayBuffer): string {
  return hexOf(integer).replace(/^(00)+(?=..)/, '');
}

export function hexOf(bytes: Uint8Array | ArrayBuffer): string {
  return Buffer.from(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes).toString('hex');
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

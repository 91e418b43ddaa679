/**
 * Whether a certificate chain says, at a time, that an X25519 key is the key of a device or of a PN GW: certification path validation of
 * RFC 5280 section 6.1, for paths as short as ours. Bytes from a peer give a verdict, never an exception.
 */
import { algorithmOf, isSignedBy } from './algorithms.ts';
import { readCertificate, sameBytes, type Certificate } from './certificate.ts';
import { MAX_CHAIN_LENGTH } from './chain.ts';
import { isNamed, type Principal } from './identity.ts';
import { rawPublicKey } from './keys.ts';
import { isListOf, type RevocationList } from './revocation-list.ts';

/** Who has several faults is told one: the path and its signatures come first, then time, revocation and what it is for. */
export const CERTIFICATE_REFUSALS = [
  /** More certificates than `MAX_CHAIN_LENGTH`, or more authorities than one above allows. */
  'chainTooLong',
  /** No certificate, too large, or with a critical extension that is not known here. */
  'malformed',
  /** No trust anchor of that name and key certified the last of the chain. */
  'unknownIssuer',
  /** A certificate names an issuer that is known, but is not signed by it. */
  'badSignature',
  /** A device's or PN GW's is not for key agreement, or an authority's not for signing certificates. */
  'wrongKeyUsage',
  /** Before the first moment of a certificate of the path, the trust anchor's included. */
  'notYetValid',
  'expired',
  'revoked',
  /** The subject alternative name is not that of the device or PN GW, or another one beside it. */
  'wrongIdentity',
  /** The key is not an X25519 key. */
  'wrongKeyType',
] as const;

export type CertificateRefusal = (typeof CERTIFICATE_REFUSALS)[number];

export type CertificateVerdict =
  | {
      readonly kind: 'valid';
      readonly publicKey: Uint8Array;
      /** While every certificate of the path is within its validity, the trust anchor's included. */
      readonly notBeforeMs: number;
      readonly notAfterMs: number;
    }
  | { readonly kind: 'refused'; readonly reason: CertificateRefusal };

/** An authority that the operator trusts, or null for a certificate that is none: not a CA, or with a key that does not fit. */
export function readTrustAnchor(der: Uint8Array): Certificate | null {
  const certificate = readCertificate(der);
  if (certificate === null || algorithmOf(certificate.publicKey) === null) return null;
  return maySignCertificates(certificate) ? certificate : null;
}

/**
 * @param options.chain DER, that of the principal first, each next one the issuer of the one before; the anchor may be left out
 * @param options.revocation lists that were read against their issuer. An issuer without a list has revoked nothing; an
 *   overdue list still counts, for a registrar that stops because a list is late would be as easy to stop
 * @param options.at Unix time in milliseconds
 */
export function verifyCertificate(options: {
  readonly chain: readonly Uint8Array[];
  readonly trustAnchors: readonly Certificate[];
  readonly revocation: readonly RevocationList[];
  readonly principal: Principal;
  readonly at: number;
}): CertificateVerdict {
  const { chain, trustAnchors, revocation, principal, at } = options;
  // The anchor itself at the end of a chain says nothing.
  const sent = chain.filter((der, index) => index === 0 || !trustAnchors.some((anchor) => sameBytes(anchor.der, der)));
  if (sent.length > MAX_CHAIN_LENGTH) return refused('chainTooLong');
  const certificates = sent.map(readCertificate).filter((certificate) => certificate !== null);
  const [own] = certificates;
  if (own === undefined || certificates.length < sent.length) return refused('malformed');

  const found = findPath(certificates, trustAnchors);
  if (found.kind === 'refused') return found;
  const { path } = found;
  if (own.keyUsage !== null && !own.keyUsage.includes('keyAgreement')) return refused('wrongKeyUsage');
  const notBeforeMs = Math.max(...path.map((certificate) => certificate.notBeforeMs));
  const notAfterMs = Math.min(...path.map((certificate) => certificate.notAfterMs));
  if (at < notBeforeMs) return refused('notYetValid');
  if (at > notAfterMs) return refused('expired');
  if (path.some((certificate, index) => isRevoked(certificate, path[index + 1], revocation))) return refused('revoked');
  if (!isNamed(own.uris, principal)) return refused('wrongIdentity');
  const publicKey = rawPublicKey(own.publicKey);
  if (publicKey === null) return refused('wrongKeyType');
  return { kind: 'valid', publicKey, notBeforeMs, notAfterMs };
}

type FoundPath = { readonly kind: 'found'; readonly path: readonly Certificate[] } | ReturnType<typeof refused>;

/** From the principal to a trust anchor, every signature checked. At most one signature a certificate and anchor of its name. */
function findPath(certificates: readonly Certificate[], trustAnchors: readonly Certificate[]): FoundPath {
  const path: Certificate[] = [];
  for (const [index, certificate] of certificates.entries()) {
    path.push(certificate);
    const anchors = trustAnchors.filter((anchor) => isNamedIssuer(anchor, certificate));
    const anchor = anchors.find((one) => isSignedBy(one.publicKey, certificate.oid, certificate));
    const next = anchor ?? certificates[index + 1];
    if (next === undefined) return refused(anchors.length > 0 ? 'badSignature' : 'unknownIssuer');
    if (!isNamedIssuer(next, certificate)) return refused('unknownIssuer');
    if (!maySignCertificates(next)) return refused('wrongKeyUsage');
    if (next.pathLength !== null && index > next.pathLength) return refused('chainTooLong');
    if (next === anchor) return { kind: 'found', path: [...path, anchor] };
    if (!isSignedBy(next.publicKey, certificate.oid, certificate)) return refused('badSignature');
  }
  return refused('unknownIssuer');
}

/** By name and, where both say, by key id (RFC 5280 section 4.2.1.1): an authority's name outlives its keys. */
function isNamedIssuer(issuer: Certificate, certificate: Certificate): boolean {
  if (issuer.subject !== certificate.issuer) return false;
  const [wanted, own] = [certificate.authorityKeyId, issuer.subjectKeyId];
  return wanted === null || own === null || wanted === own;
}

/** RFC 5280 section 6.1.4, steps k and n. */
function maySignCertificates({ isAuthority, keyUsage }: Certificate): boolean {
  return isAuthority && (keyUsage === null || keyUsage.includes('keyCertSign'));
}

function isRevoked(
  certificate: Certificate,
  issuer: Certificate | undefined,
  lists: readonly RevocationList[],
): boolean {
  return issuer !== undefined && lists.some((list) => isListOf(list, issuer) && list.revoked.has(certificate.serial));
}

function refused(reason: CertificateRefusal): { readonly kind: 'refused'; readonly reason: CertificateRefusal } {
  return { kind: 'refused', reason };
}

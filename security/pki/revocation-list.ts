/**
 * Certificate revocation lists (RFC 5280 section 5), whole ones signed by the issuer of the certificates themselves: what
 * `openssl ca -gencrl` writes. Delta and indirect lists have critical extensions, and are refused for them.
 */
import { CertificateList, CRLNumber, id_ce_cRLNumber, type Extension } from '@peculiar/asn1-x509';
import { isSignedBy } from './algorithms.ts';
import { hexOf, serialOf, type Certificate } from './certificate.ts';
import { readDer, TAG } from './der-reader.ts';
import { fromDer, fromInnerDer, isSpeltOut, isWritable } from './der.ts';

/** Room for some 25,000 revocations, parsed in one go between two requests. */
export const MAX_REVOCATION_LIST_BYTES = 1_048_576;
const LIMITS = { bytes: MAX_REVOCATION_LIST_BYTES, nodes: 200_000 };

export interface Revocation {
  /** Lower-case hex without leading zeros, as in `Certificate`. */
  readonly serial: string;
  readonly revokedAtMs: number;
}

export interface RevocationList {
  readonly issuer: Certificate;
  /** Grows with each list of an issuer (section 5.2.3); 0 where there is none. */
  readonly number: number;
  readonly thisUpdateMs: number;
  /** When the next list is due at the latest; null: not said. A list that is overdue still revokes what it names. */
  readonly nextUpdateMs: number | null;
  readonly revoked: ReadonlyMap<string, Revocation>;
}

export type ReadRevocationList =
  | { readonly kind: 'read'; readonly list: RevocationList }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'wrongIssuer' | 'wrongKeyUsage' | 'badSignature' };

const refused = (reason: Extract<ReadRevocationList, { kind: 'refused' }>['reason']): ReadRevocationList => ({
  kind: 'refused',
  reason,
});

/** @param issuer whose list it must be */
export function readRevocationList(der: Uint8Array, issuer: Certificate): ReadRevocationList {
  const parsed = fromDer(der, CertificateList, LIMITS);
  if (parsed === null || parsed.tbsCertListRaw === undefined) return refused('malformed');
  const { tbsCertList: tbs } = parsed;
  if (!isWritable(tbs.signature, tbs.issuer)) return refused('malformed');
  const signed = { data: new Uint8Array(parsed.tbsCertListRaw), signature: new Uint8Array(parsed.signature) };
  if (!isSpeltOut(der, { ...signed, algorithm: tbs.signature })) return refused('malformed');
  const entries = tbs.revokedCertificates ?? [];
  const extensions = [...(tbs.crlExtensions ?? []), ...entries.flatMap((entry) => entry.crlEntryExtensions ?? [])];
  if (extensions.some(({ critical }) => critical)) return refused('malformed');
  const thisUpdateMs = tbs.thisUpdate.getTime().getTime();
  if (!Number.isFinite(thisUpdateMs)) return refused('malformed');
  if (issuerOf(signed.data) !== issuer.subject) return refused('wrongIssuer');
  if (issuer.keyUsage !== null && !issuer.keyUsage.includes('crlSign')) return refused('wrongKeyUsage');
  if (!isSignedBy(issuer.publicKey, tbs.signature.algorithm, signed)) return refused('badSignature');
  const revoked = entries.map((entry): Revocation => {
    const revokedAtMs = entry.revocationDate.getTime().getTime();
    return { serial: serialOf(entry.userCertificate), revokedAtMs };
  });
  const list: RevocationList = {
    issuer,
    number: numberOf(tbs.crlExtensions ?? []),
    thisUpdateMs,
    nextUpdateMs: tbs.nextUpdate?.getTime().getTime() ?? null,
    revoked: new Map(revoked.map((entry) => [entry.serial, entry])),
  };
  return { kind: 'read', list };
}

/** As it stands, which is how a certificate has its subject. RFC 5280 section 5.1.2: behind version and algorithm. */
function issuerOf(toBeSigned: Uint8Array): string | null {
  return readDer(toBeSigned, (values) =>
    values.within(TAG.sequence, (list) => {
      if (list.is(TAG.integer)) list.any();
      list.any();
      const name = hexOf(list.any().whole);
      list.each((other) => other.any());
      return name;
    }),
  );
}

function numberOf(extensions: readonly Extension[]): number {
  const found = extensions.find(({ extnID }) => extnID === id_ce_cRLNumber);
  return found === undefined ? 0 : (fromInnerDer(found.extnValue.buffer, CRLNumber)?.value ?? 0);
}

/** True when the list is of this issuer: by name and by key, for names outlive keys. */
export function isListOf(list: RevocationList, issuer: Certificate): boolean {
  return list.issuer.subject === issuer.subject && list.issuer.publicKey.equals(issuer.publicKey);
}

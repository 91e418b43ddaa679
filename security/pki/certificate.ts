/**
 * A certificate (X.509, RFC 5280 section 4.1) read into what the checks need. Nothing is trusted yet: `verify.ts` decides.
 *
 * An extension that is critical and not in the table below makes a certificate unreadable, as section 4.2 demands.
 */
import type { KeyObject } from 'node:crypto';
import {
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import { publicKeyOf } from './algorithms.ts';
import { context, contextAround, readDer, TAG, type DerReader } from './der-reader.ts';

/** A device certificate made here has 400 bytes, one of `openssl` with ECDSA 500. Three must fit one handshake message. */
export const MAX_CERTIFICATE_BYTES = 2_048;
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
  readonly keyUsage: readonly KeyUse[] | null;
  /** Subject alternative names that are URIs. */
  readonly uris: readonly string[];
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
}

/** RFC 5280 section 4.2.1.3, by the number of the bit. */
const KEY_USES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'crlSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUse = (typeof KEY_USES)[number];

/** Null for any bytes that are no certificate within the limits. */
export function readCertificate(der: Uint8Array): Certificate | null {
  if (der.length > MAX_CERTIFICATE_BYTES) return null;
  const read = readDer(der.slice(), (whole) => whole.within(TAG.sequence, readSigned));
  if (read === null) return null;
  const { spki, extensions, ...fields } = read;
  const extended = readExtensions(extensions);
  const publicKey = extended === null ? null : publicKeyOf(spki);
  return extended === null || publicKey === null ? null : { der, ...fields, publicKey, ...extended };
}

/** X.509's SIGNED, section 4.1.1. The algorithm stands twice, and outside of what is signed it says the same. */
function readSigned(values: DerReader) {
  const { algorithm, ...fields } = values.within(TAG.sequence, readToBeSigned);
  values.must(sameBytes(values.value(TAG.sequence).whole, algorithm));
  return { ...fields, signature: values.wholeBits() };
}

/** Section 4.1.2. */
function readToBeSigned(values: DerReader, data: Uint8Array) {
  if (values.is(contextAround(0))) values.within(contextAround(0), (version) => values.must(version.count() <= 2));
  const serial = serialOf(values.integer());
  const { oid, algorithm } = values.within(TAG.sequence, (identifier, whole) => {
    const id = identifier.oid();
    identifier.each((parameters) => parameters.any());
    return { oid: id, algorithm: whole };
  });
  const issuer = values.within(TAG.sequence, readName);
  const [notBeforeMs, notAfterMs] = values.within(TAG.sequence, (times) => [times.time(), times.time() + 999] as const);
  const subject = values.within(TAG.sequence, readName);
  const spki = values.value(TAG.sequence).whole;
  for (const uniqueId of [context(1), context(2)]) if (values.is(uniqueId)) values.any();
  const extensions = values.is(contextAround(3)) ? values.within(contextAround(3), readExtensionList) : [];
  return { data, serial, oid, algorithm, issuer, notBeforeMs, notAfterMs, subject, spki, extensions };
}

/** Section 4.1.2.4. What it says is for people; here it is compared as it stands. */
function readName(parts: DerReader, whole: Uint8Array): string {
  parts.each((part) =>
    part.within(TAG.set, (attributes) => {
      attributes.must(!attributes.isAtEnd);
      attributes.each((attribute) => attribute.within(TAG.sequence, (typed) => [typed.oid(), typed.any()]));
    }),
  );
  return hexOf(whole);
}

interface Extension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

const readExtensionList = (values: DerReader): readonly Extension[] =>
  values.within(TAG.sequence, (list) =>
    list.each((one) =>
      one.within(TAG.sequence, (extension) => ({
        id: extension.oid(),
        isCritical: extension.flag(),
        value: extension.value(TAG.octetString).content,
      })),
    ),
  );

type Extended = Pick<
  Certificate,
  'isAuthority' | 'pathLength' | 'keyUsage' | 'uris' | 'subjectKeyId' | 'authorityKeyId'
>;

/** By id, what is in an extension. A critical one that is not here makes a certificate unreadable. */
const EXTENSIONS = new Map<string, (values: DerReader) => Partial<Extended>>([
  [
    id_ce_basicConstraints,
    (values) =>
      values.within(TAG.sequence, (basic) => ({
        isAuthority: basic.flag(),
        pathLength: basic.isAtEnd ? null : basic.count(),
      })),
  ],
  [id_ce_keyUsage, (values) => ({ keyUsage: keyUses(values) })],
  [id_ce_subjectAltName, (values) => ({ uris: values.within(TAG.sequence, urisOf) })],
  [id_ce_subjectKeyIdentifier, (values) => ({ subjectKeyId: hexOf(values.value(TAG.octetString).content) })],
  [
    id_ce_authorityKeyIdentifier,
    (values) =>
      values.within(TAG.sequence, (authority) => {
        const authorityKeyId = authority.is(context(0)) ? hexOf(authority.any().content) : null;
        authority.each((issuerAndSerial) => issuerAndSerial.any());
        return { authorityKeyId };
      }),
  ],
]);

/** Null when one is critical and unknown, stands twice, or does not read. */
function readExtensions(extensions: readonly Extension[]): Extended | null {
  if (extensions.length > MAX_EXTENSIONS) return null;
  if (new Set(extensions.map(({ id }) => id)).size < extensions.length) return null;
  let extended: Extended = NOTHING_SAID;
  for (const { id, isCritical, value } of extensions) {
    const read = EXTENSIONS.get(id);
    const found = read === undefined ? {} : readDer(value, read);
    if (found === null || (read === undefined && isCritical)) return null;
    extended = { ...extended, ...found };
  }
  return extended;
}

const NOTHING_SAID: Extended = {
  isAuthority: false,
  pathLength: null,
  keyUsage: null,
  uris: [],
  subjectKeyId: null,
  authorityKeyId: null,
};

/** Bits of a BIT STRING, the first one the highest of the first byte. */
function keyUses(values: DerReader): readonly KeyUse[] {
  const [unused, ...bytes] = values.value(TAG.bitString).content;
  // X.690 section 11.2.1: the unused bits of the last byte are zero.
  values.must(unused !== undefined && unused < 8 && ((bytes.at(-1) ?? 0) & ((1 << unused) - 1)) === 0);
  return KEY_USES.filter((_, bit) => (((bytes[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0);
}

const URI = context(6);
const urisOf = (names: DerReader): readonly string[] =>
  names
    .each((name) => name.any())
    .filter(({ tag }) => tag === URI)
    .map(({ content }) => Buffer.from(content).toString('latin1'));

export function serialOf(integer: Uint8Array | ArrayBuffer): string {
  return hexOf(integer).replace(/^(00)+(?=..)/, '');
}

export function hexOf(bytes: Uint8Array | ArrayBuffer): string {
  return Buffer.from(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes).toString('hex');
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** ASN.1 values out of and into DER (X.690), by the schemas of @peculiar/asn1-x509. Its errors end here. */
import { AsnConvert, BitString } from '@peculiar/asn1-schema';
import { concat } from '../bytes.ts';

/** What parsing may cost: a value nested deeper, or of more parts, is refused before it is built. */
export interface DerLimits {
  readonly bytes: number;
  readonly nodes: number;
}

const MAX_DEPTH = 24;

/** Null for bytes that are not one value of that schema from the first byte to the last, or beyond the limits. */
export function fromDer<T>(der: Uint8Array, schema: new () => T, limits: DerLimits): T | null {
  if (der.length > limits.bytes || !isOneSequence(der)) return null;
  const berOptions = { maxDepth: MAX_DEPTH, maxNodes: limits.nodes, maxContentLength: limits.bytes };
  try {
    return AsnConvert.parse(der.slice(), schema, { berOptions });
  } catch {
    return null;
  }
}

/** A value inside one that was within its limits, such as an extension's. */
export function fromInnerDer<T>(der: ArrayBuffer, schema: new () => T): T | null {
  try {
    return AsnConvert.parse(der, schema);
  } catch {
    return null;
  }
}

export function toDer(value: object): Uint8Array {
  return new Uint8Array(AsnConvert.serialize(value));
}

/** False for values that the schemas read out of bytes and cannot write: a text of half a character, for one. */
export function isWritable(...values: readonly object[]): boolean {
  try {
    for (const value of values) AsnConvert.serialize(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * True when a signed value (X.509's SIGNED, RFC 5280 section 4.1.1) is its signed part, the algorithm as that part names it,
 * and the signature, each in the one spelling that DER has. The latter two are outside what is signed: read leniently, they
 * could be respelt.
 */
export function isSpeltOut(
  der: Uint8Array,
  parts: { readonly data: Uint8Array; readonly algorithm: object; readonly signature: Uint8Array },
): boolean {
  const tail = concat(parts.data, toDer(parts.algorithm), toDer(new BitString(parts.signature)));
  return Buffer.compare(der.subarray(der.length - tail.length), tail) === 0 && der.length - tail.length <= 6;
}

const SEQUENCE = 0x30;
const LONG_FORM = 0x80;

/** One SEQUENCE whose length, in its shortest form (X.690 section 10.1), reaches exactly to the end. */
function isOneSequence(der: Uint8Array): boolean {
  const [tag, first] = der;
  if (tag !== SEQUENCE || first === undefined) return false;
  if (first < LONG_FORM) return der.length === 2 + first;
  const lengthBytes = first - LONG_FORM;
  if (lengthBytes < 1 || lengthBytes > 4) return false;
  const length = der.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  const shortest = lengthBytes === 1 ? LONG_FORM : 256 ** (lengthBytes - 1);
  return length >= shortest && der.length === 2 + lengthBytes + length;
}

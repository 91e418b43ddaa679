/**
 * The signatures that an issuer may use, as table rows: Ed25519 (RFC 8410 section 3) and ECDSA over P-256 with SHA-256
 * (RFC 5758 section 3.2). A certificate signed otherwise is refused; a new algorithm is a new row.
 */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

export interface SignatureAlgorithm {
  readonly name: string;
  /** Of the signature, in the certificate. */
  readonly oid: string;
  /** What node:crypto calls the key. */
  readonly keyType: 'ed25519' | 'ec';
  readonly namedCurve: 'prime256v1' | undefined;
  readonly digest: 'sha256' | null;
}

export const SIGNATURES: readonly SignatureAlgorithm[] = [
  { name: 'Ed25519', oid: '1.3.101.112', keyType: 'ed25519', namedCurve: undefined, digest: null },
  { name: 'ECDSA P-256', oid: '1.2.840.10045.4.3.2', keyType: 'ec', namedCurve: 'prime256v1', digest: 'sha256' },
];

/** The row that a key signs by, or null for RSA, another curve, or a key that cannot sign. */
export function algorithmOf(key: KeyObject): SignatureAlgorithm | null {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  const fits = (row: SignatureAlgorithm): boolean =>
    row.keyType === asymmetricKeyType && row.namedCurve === asymmetricKeyDetails?.namedCurve;
  return SIGNATURES.find(fits) ?? null;
}

export function signWith(algorithm: SignatureAlgorithm, privateKey: KeyObject, data: Uint8Array): Uint8Array {
  return new Uint8Array(sign(algorithm.digest, data, privateKey));
}

/** False too for a signature that is no signature. */
export function isSignedBy(
  publicKey: KeyObject,
  oid: string,
  signed: { readonly data: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const algorithm = algorithmOf(publicKey);
  if (algorithm === null || algorithm.oid !== oid) return false;
  try {
    return verify(algorithm.digest, signed.data, publicKey, signed.signature);
  } catch {
    return false;
  }
}

/** A SubjectPublicKeyInfo, or null for what OpenSSL does not take. As PEM: as DER it takes 13 us more (`noise/x25519.ts`). */
export function publicKeyOf(spki: Uint8Array): KeyObject | null {
  try {
    const base64 = Buffer.from(spki).toString('base64');
    return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`);
  } catch {
    return null;
  }
}

/**
 * The private keys of the PKI as PEM (PKCS #8; RFC 8410 section 7): what `openssl genpkey` writes, these functions read, and
 * the other way round. An issuer signs with Ed25519 or ECDSA P-256; a device and the CPNS Server hold X25519.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { keyPair, PUBLIC_KEY_BYTES, type KeyPair } from '../noise/x25519.ts';
import type { RandomBytes } from '../random-bytes.ts';
import { KEY_BYTES } from '../security-error.ts';
import { algorithmOf, type SignatureAlgorithm } from './algorithms.ts';

/** Secret. */
export interface SigningKey {
  readonly algorithm: SignatureAlgorithm;
  readonly handle: KeyObject;
}

/** OneAsymmetricKey for id-Ed25519 up to the 32 bytes of the key. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 key out of 32 random bytes. */
export function newSigningKey(bytes: RandomBytes): SigningKey {
  const key = Buffer.concat([ED25519_PREFIX, bytes(KEY_BYTES)]);
  const handle = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const algorithm = algorithmOf(handle);
  if (algorithm === null) throw new TypeError('An Ed25519 key signs by no row of the table.');
  return { algorithm, handle };
}

/** Null for what is no private key without a password, or one that no issuer here signs with. */
export function signingKeyFromPem(pem: string): SigningKey | null {
  const handle = privateKey(pem);
  const algorithm = handle === null ? null : algorithmOf(handle);
  return handle === null || algorithm === null ? null : { algorithm, handle };
}

export function signingKeyToPem(key: SigningKey): string {
  return key.handle.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The X25519 key pair of a device or of the server, or null for any other text. */
export function keyPairFromPem(pem: string): KeyPair | null {
  const handle = privateKey(pem);
  if (handle?.asymmetricKeyType !== 'x25519') return null;
  return keyPair(new Uint8Array(Buffer.from(handle.export({ format: 'jwk' }).d ?? '', 'base64url')));
}

export function keyPairToPem(pair: KeyPair): string {
  return pair.handle.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The 32 bytes of a public X25519 key in PEM (`openssl pkey -pubout`), or null. A private key counts as its public half. */
export function publicKeyFromPem(pem: string): Uint8Array | null {
  try {
    const handle = createPublicKey(pem);
    return handle.asymmetricKeyType === 'x25519' ? rawPublicKey(handle) : null;
  } catch {
    return null;
  }
}

/** Of a public X25519 key; null for another. */
export function rawPublicKey(handle: KeyObject): Uint8Array | null {
  if (handle.asymmetricKeyType !== 'x25519') return null;
  const raw = new Uint8Array(Buffer.from(handle.export({ format: 'jwk' }).x ?? '', 'base64url'));
  return raw.length === PUBLIC_KEY_BYTES ? raw : null;
}

export function publicKeyToPem(publicKey: Uint8Array): string {
  const key = { kty: 'OKP', crv: 'X25519', x: Buffer.from(publicKey).toString('base64url') };
  return createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'spki' }).toString();
}

function privateKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

/**
 * X25519 (RFC 7748 section 5) by node:crypto. Raw keys enter in their DER wrapping (RFC 8410 sections 4 and 7), public
 * keys leave as JWK: importing takes 59 us either way, exporting 1 us as JWK and 31 us as DER.
 */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { concat, isAllZero } from '../bytes.ts';
import { assertKey, SecurityError } from '../security-error.ts';

export const PUBLIC_KEY_BYTES = 32;

/** OneAsymmetricKey and SubjectPublicKeyInfo for id-X25519, up to the 32 bytes of the key. */
const PKCS8_PREFIX = Uint8Array.from(Buffer.from('302e020100300506032b656e04220420', 'hex'));
const SPKI_PREFIX = Uint8Array.from(Buffer.from('302a300506032b656e032100', 'hex'));

export interface KeyPair {
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly handle: KeyObject;
}

export function keyPair(secret: Uint8Array): KeyPair {
  assertKey('The X25519 secret', secret);
  const der = Buffer.from(concat(PKCS8_PREFIX, secret));
  const handle = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(handle).export({ format: 'jwk' });
  if (x === undefined) throw new SecurityError('The JWK of an X25519 key has no x.', 'Run on the pinned Node.');
  return { secret, publicKey: new Uint8Array(Buffer.from(x, 'base64url')), handle };
}

/**
 * The shared secret, or null for a public value that no honest peer sends: OpenSSL refuses the points of low order, whose
 * secret is all zero whatever our key is (RFC 7748 section 6.1; Noise, section 12.1, lets us refuse), and we look again.
 */
export function sharedSecret(own: KeyPair, publicKey: Uint8Array): Uint8Array | null {
  try {
    const der = Buffer.from(concat(SPKI_PREFIX, publicKey));
    const peer = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const secret = diffieHellman({ privateKey: own.handle, publicKey: peer });
    return isAllZero(secret) ? null : secret;
  } catch {
    return null;
  }
}

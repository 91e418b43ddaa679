/**
 * Small secrets at rest: session keys, pending handshakes, pre-shared secrets. Each is sealed with ChaCha20-Poly1305
 * (RFC 8439) under one key-encryption key and bound to the id it is stored under, so that rows cannot be swapped.
 *
 * ```
 * 0  1   format, 1
 * 1  12  nonce, random: after 2^32 wrappings under one key the chance that two shared a nonce is 2^-33
 * 13 ..  ciphertext and 16 bytes of tag; associated data: `CPNS keyring`, then the id in UTF-8
 * ```
 */
import { NONCE_BYTES, open, seal, TAG_BYTES } from './aead.ts';
import { concat, utf8 } from './bytes.ts';
import type { RandomBytes } from './random-bytes.ts';
import { assertKey } from './security-error.ts';

export interface Keyring {
  wrap(id: string, secret: Uint8Array): Uint8Array;
  /** Null when the bytes were not wrapped under this key and this id. */
  unwrap(id: string, wrapped: Uint8Array): Uint8Array | null;
}

const FORMAT = 1;
const LABEL = utf8('CPNS keyring');

export function createKeyring(options: { readonly kek: Uint8Array; readonly bytes: RandomBytes }): Keyring {
  const { bytes } = options;
  assertKey('The key-encryption key', options.kek);
  const kek = options.kek.slice();
  return {
    wrap(id, secret) {
      const nonce = bytes(NONCE_BYTES);
      return concat(Uint8Array.of(FORMAT), nonce, seal(kek, nonce, concat(LABEL, utf8(id)), secret));
    },
    unwrap(id, wrapped) {
      if (wrapped.length < 1 + NONCE_BYTES + TAG_BYTES || wrapped[0] !== FORMAT) return null;
      const nonce = wrapped.slice(1, 1 + NONCE_BYTES);
      return open(kek, nonce, concat(LABEL, utf8(id)), wrapped.slice(1 + NONCE_BYTES));
    },
  };
}

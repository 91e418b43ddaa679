/**
 * Small secrets at rest: session keys, pending handshakes, pre-shared secrets. Each is sealed with ChaCha20-Poly1305
 * (RFC 8439) under a key-encryption key and bound to the id it is stored under, so that rows cannot be swapped. It names
 * that key by a public id, so that another key is told from damage.
 *
 * ```
 * 0  1   format, 2
 * 1  16  id of the key-encryption key: SHA-256 of `CPNS key-encryption key` and the key, cut
 * 17 12  nonce, random: after 2^32 wrappings under one key the chance that two shared a nonce is 2^-33
 * 29 ..  ciphertext and 16 bytes of tag; associated data: `CPNS keyring`, the 17 bytes before the nonce, the id in UTF-8
 * ```
 *
 * Format 1, of the first version, has no key id and binds only the secret's own; it is read, and never written.
 */
import { NONCE_BYTES, open, seal, TAG_BYTES } from './aead.ts';
import { toBase64url } from './base64url.ts';
import { concat, utf8 } from './bytes.ts';
import { sha256 } from './noise/hkdf.ts';
import type { RandomBytes } from './random-bytes.ts';
import { assertKey } from './security-error.ts';

/** `otherKey`: wrapped under a key that this keyring has not. `damaged`: changed, moved, or not ours. */
export type Unwrapped =
  | { readonly kind: 'opened'; readonly secret: Uint8Array }
  | { readonly kind: 'otherKey'; readonly kekId: string }
  | { readonly kind: 'damaged' };

export interface Keyring {
  /** Public id of the key-encryption key that it wraps under, 22 characters. */
  readonly kekId: string;
  wrap(id: string, secret: Uint8Array): Uint8Array;
  /** Null when the bytes were not wrapped under a key of this keyring and this id. */
  unwrap(id: string, wrapped: Uint8Array): Uint8Array | null;
  /** As `unwrap`, and tells why not. */
  examine(id: string, wrapped: Uint8Array): Unwrapped;
}

const FORMAT = 2;
const FORMAT_WITHOUT_KEK_ID = 1;
const LABEL = utf8('CPNS keyring');
const KEK_ID_LABEL = utf8('CPNS key-encryption key');
const KEK_ID_BYTES = 16;
const HEAD_BYTES = 1 + KEK_ID_BYTES;

/** What wrapping adds to a secret. */
export const WRAPPING_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;

/** The public name of a key-encryption key: base64url of 16 bytes. Tells nothing about the key, which is random. */
export function kekIdOf(kek: Uint8Array): string {
  assertKey('The key-encryption key', kek);
  return toBase64url(rawIdOf(kek));
}

function rawIdOf(kek: Uint8Array): Uint8Array {
  return sha256(KEK_ID_LABEL, kek).slice(0, KEK_ID_BYTES);
}

/** Id of the key that the bytes say they are wrapped under; null where they do not say. */
export function kekIdIn(wrapped: Uint8Array): string | null {
  return isCurrent(wrapped) ? toBase64url(wrapped.slice(1, HEAD_BYTES)) : null;
}

function isCurrent(wrapped: Uint8Array): boolean {
  return wrapped.length >= WRAPPING_BYTES && wrapped[0] === FORMAT;
}

/** @param options.also further keys that it unwraps with: those of a rotation under way */
export function createKeyring(options: {
  readonly kek: Uint8Array;
  readonly also?: readonly Uint8Array[];
  readonly bytes: RandomBytes;
}): Keyring {
  const { bytes } = options;
  const keks = new Map([options.kek, ...(options.also ?? [])].map((kek) => [kekIdOf(kek), kek.slice()]));
  const kek = options.kek.slice();
  const head = concat(Uint8Array.of(FORMAT), rawIdOf(kek));
  const examine = (id: string, wrapped: Uint8Array): Unwrapped => {
    if (wrapped[0] === FORMAT_WITHOUT_KEK_ID) return ofFormat1(id, wrapped, [...keks.values()]);
    const kekId = kekIdIn(wrapped);
    if (kekId === null) return DAMAGED;
    const known = keks.get(kekId);
    if (known === undefined) return { kind: 'otherKey', kekId };
    const nonce = wrapped.slice(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
    const data = concat(LABEL, wrapped.slice(0, HEAD_BYTES), utf8(id));
    return toUnwrapped(open(known, nonce, data, wrapped.slice(HEAD_BYTES + NONCE_BYTES)));
  };
  return {
    kekId: kekIdOf(kek),
    wrap(id, secret) {
      const nonce = bytes(NONCE_BYTES);
      return concat(head, nonce, seal(kek, nonce, concat(LABEL, head, utf8(id)), secret));
    },
    unwrap(id, wrapped) {
      const found = examine(id, wrapped);
      return found.kind === 'opened' ? found.secret : null;
    },
    examine,
  };
}

const DAMAGED: Unwrapped = { kind: 'damaged' };

function toUnwrapped(secret: Uint8Array | null): Unwrapped {
  return secret === null ? DAMAGED : { kind: 'opened', secret };
}

function ofFormat1(id: string, wrapped: Uint8Array, keks: readonly Uint8Array[]): Unwrapped {
  const nonce = wrapped.slice(1, 1 + NONCE_BYTES);
  if (nonce.length < NONCE_BYTES) return DAMAGED;
  for (const kek of keks) {
    const secret = open(kek, nonce, concat(LABEL, utf8(id)), wrapped.slice(1 + NONCE_BYTES));
    if (secret !== null) return { kind: 'opened', secret };
  }
  return DAMAGED;
}

/**
 * SHA-256, HMAC (RFC 2104) and Noise's HKDF (revision 34, section 4.3). HMAC is written out over one-shot hashing because
 * node's createHmac takes 14 us a call where two one-shot hashes take 2 us, and one handshake needs forty.
 */
import { hash } from 'node:crypto';
import { concat } from '../bytes.ts';

export const HASH_BYTES = 32;

/** SHA-256's block (FIPS 180-4 section 1) and HMAC's pads (RFC 2104 section 2). */
const BLOCK_BYTES = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha256', concat(...parts), 'buffer');
}

/** A key set up once for several messages. Keys are 32 bytes here, never longer than a block. */
function hmac(key: Uint8Array): (message: Uint8Array) => Uint8Array {
  const inner = new Uint8Array(BLOCK_BYTES).fill(INNER_PAD);
  const outer = new Uint8Array(BLOCK_BYTES + HASH_BYTES).fill(OUTER_PAD, 0, BLOCK_BYTES);
  let index = 0;
  for (const byte of key) {
    inner[index] = byte ^ INNER_PAD;
    outer[index] = byte ^ OUTER_PAD;
    index += 1;
  }
  return (message) => {
    outer.set(hash('sha256', concat(inner, message), 'buffer'), BLOCK_BYTES);
    return hash('sha256', outer, 'buffer');
  };
}

export function hkdf2(chainingKey: Uint8Array, material: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const expand = hmac(hmac(chainingKey)(material));
  const first = expand(Uint8Array.of(1));
  return [first, expand(concat(first, Uint8Array.of(2)))];
}

export function hkdf3(chainingKey: Uint8Array, material: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const expand = hmac(hmac(chainingKey)(material));
  const first = expand(Uint8Array.of(1));
  const second = expand(concat(first, Uint8Array.of(2)));
  return [first, second, expand(concat(second, Uint8Array.of(3)))];
}

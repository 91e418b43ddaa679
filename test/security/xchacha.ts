import { createDecipheriv, createHmac } from 'node:crypto';

/** XChaCha20-Poly1305 and HKDF once more, with nothing but `node:crypto` and the drafts: what ours is held against. */

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Quarter round of RFC 8439, section 2.1. */
function quarter(state: Uint32Array, [a, b, c, d]: readonly [number, number, number, number]): void {
  const mix = (into: number, from: number, turned: number, bits: number): void => {
    state[into] = (state[into] ?? 0) + (state[from] ?? 0);
    state[turned] = rotate((state[turned] ?? 0) ^ (state[into] ?? 0), bits);
  };
  mix(a, b, d, 16);
  mix(c, d, b, 12);
  mix(a, b, d, 8);
  mix(c, d, b, 7);
}

const ROUND = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** draft-irtf-cfrg-xchacha-03, section 2.2. @param nonce 16 bytes */
export function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const bytes = Buffer.concat([Buffer.from('expand 32-byte k'), key, nonce]);
  const state = Uint32Array.from({ length: 16 }, (_, index) => bytes.readUInt32LE(4 * index));
  for (let round = 0; round < 10; round++) for (const indices of ROUND) quarter(state, indices);
  const out = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((word, index) => out.writeUInt32LE(state[word] ?? 0, 4 * index));
  return new Uint8Array(out);
}

/** Section 2.3. @throws when the tag does not fit */
export function xchachaOpen(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array {
  const inner = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
  const cipher = createDecipheriv('chacha20-poly1305', hchacha20(key, nonce.subarray(0, 16)), inner, {
    authTagLength: 16,
  });
  cipher.setAAD(ad, { plaintextLength: sealed.length - 16 });
  cipher.setAuthTag(sealed.subarray(-16));
  return new Uint8Array(Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]));
}

/** RFC 5869 for 32 bytes, without salt. */
export function hkdf(secret: Uint8Array, info: Uint8Array): Uint8Array {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
  return new Uint8Array(createHmac('sha256', extracted).update(info).update(Uint8Array.of(1)).digest());
}

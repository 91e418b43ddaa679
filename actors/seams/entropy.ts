import { createHash, randomBytes } from 'node:crypto';

/** Ids and random bytes enter through this seam only. */
export interface Entropy {
  /** A new id, `[a-z0-9]{26}`: 130 random bits in base32 (RFC 4648 alphabet, lower case). */
  id(): string;
  bytes(length: number): Uint8Array;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_LENGTH = 26;

function toId(bytes: Uint8Array): string {
  let id = '';
  for (const byte of bytes.subarray(0, ID_LENGTH)) id += ALPHABET[byte & 31];
  return id;
}

/** Random bytes are drawn in blocks: one call to the kernel serves many ids. */
const BLOCK_BYTES = 8_192;

class SystemEntropy implements Entropy {
  #block = new Uint8Array(0);
  #used = 0;
  bytes(length: number): Uint8Array {
    if (length > BLOCK_BYTES) return randomBytes(length);
    if (this.#used + length > this.#block.length) {
      this.#block = randomBytes(BLOCK_BYTES);
      this.#used = 0;
    }
    // A copy: `slice` of a Buffer shares its memory, and what was handed out is erased from the block.
    const bytes = new Uint8Array(this.#block.subarray(this.#used, this.#used + length));
    this.#block.fill(0, this.#used, this.#used + length);
    this.#used += length;
    return bytes;
  }
  id(): string {
    return toId(this.bytes(ID_LENGTH));
  }
}

export const systemEntropy: Entropy = new SystemEntropy();

/** The simulated twin: the same seed gives the same bytes for ever. */
export class SeededEntropy implements Entropy {
  readonly #seed: string;
  #counter = 0;
  constructor(seed: string) {
    this.#seed = seed;
  }
  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += 32) {
      const block = createHash('sha256')
        .update(`${this.#seed}/${this.#counter++}`)
        .digest();
      out.set(block.subarray(0, Math.min(32, length - offset)), offset);
    }
    return out;
  }
  id(): string {
    return toId(this.bytes(ID_LENGTH));
  }
}

import { createHash, randomBytes } from 'node:crypto';
import { systemClock, type Clock } from './clock.ts';

/** Ids and random bytes enter through this seam only. */
export interface Entropy {
  /**
   * A new id, `[0-9a-v]{26}`: 50 bits of when it was made (in milliseconds), then 80 random bits, in the base32 that sorts as its
   * bits do (RFC 4648 section 7, lower case). Ids that are made together lie together in an index, as UUIDs of version 7
   * do and for the same reason (RFC 9562 section 2.1): with ids in no order a batch of 64 appends writes twice the pages.
   */
  id(): string;
  bytes(length: number): Uint8Array;
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuv';
/** 2^50 milliseconds are some 35,000 years. */
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;

function toId(time: number, random: Uint8Array): string {
  let id = time.toString(32).padStart(TIME_LENGTH, '0');
  for (const byte of random) id += ALPHABET[byte & 31];
  return id;
}

/** Random bytes are drawn in blocks: one call to the kernel serves many ids. */
const BLOCK_BYTES = 8_192;

export class SystemEntropy implements Entropy {
  readonly #clock: Clock;
  #block = new Uint8Array(0);
  #used = 0;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
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
    return toId(this.#clock.now(), this.bytes(RANDOM_LENGTH));
  }
}

export const systemEntropy: Entropy = new SystemEntropy(systemClock);

/** The simulated twin: the same seed gives the same bytes for ever, and ids that count instead of telling the time. */
export class SeededEntropy implements Entropy {
  readonly #seed: string;
  #counter = 0;
  #ids = 0;
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
    return toId(this.#ids++, this.bytes(RANDOM_LENGTH));
  }
}

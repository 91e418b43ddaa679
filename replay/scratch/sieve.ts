/** Bits: a million keys leave one in twenty of the others in doubt. One megabyte. */
const BITS = 2 ** 23;

/**
 * Remembers keys so far that it can say of most others that they were never added: a Bloom filter
 * (https://doi.org/10.1145/362686.362692) with two hashes. It never says so of one that was.
 */
export class Sieve {
  readonly #bits = new Uint32Array(BITS / 32);

  add(key: string): void {
    const [first, second] = hashesOf(key);
    this.#set(first);
    this.#set(second);
  }

  /** False: was never added. */
  mayHave(key: string): boolean {
    const [first, second] = hashesOf(key);
    return this.#has(first) && this.#has(second);
  }

  #set(bit: number): void {
    this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  #has(bit: number): boolean {
    return ((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }
}

/** FNV-1a over the code units, and the same mixed once more (the finaliser of MurmurHash3). */
function hashesOf(key: string): readonly [number, number] {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return [(hash ^ (hash >>> 15)) & (BITS - 1), mixed & (BITS - 1)];
}

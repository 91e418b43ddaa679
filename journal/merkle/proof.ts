/**
 * Inclusion and consistency proofs, RFC 6962 section 2.1; verified as in RFC 9162 sections 2.1.3.2 and 2.1.4.2. A leaf index
 * counts from 0: that of the event at position p is p - 1.
 */
import { EMPTY_ROOT, hashPair, isSameHash } from './hash.ts';

/** Hash of the subtree over the leaves from `from` up to `to`, not included; the tree's own split, not any range. */
export type SubtreeHash = (from: number, to: number) => Promise<Uint8Array>;

/** At most 2^53 leaves: a longer proof is none. */
export const MAX_PROOF_HASHES = 53;

/** Largest power of two below a number of leaves, at least 2. */
export function splitOf(leaves: number): number {
  let split = 1;
  while (split * 2 < leaves) split *= 2;
  return split;
}

/** PATH(m, D[n]) of RFC 6962 section 2.1.1: siblings from the leaf up. */
export async function inclusionProof(index: number, size: number, subtree: SubtreeHash): Promise<Uint8Array[]> {
  if (index < 0 || index >= size) throw new RangeError(`Leaf ${index} is not among ${size} leaves.`);
  const path: Uint8Array[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push(await subtree(middle, to));
      to = middle;
    } else {
      path.push(await subtree(from, middle));
      from = middle;
    }
  }
  return path.toReversed();
}

/** PROOF(m, D[n]) of RFC 6962 section 2.1.2: empty from the empty tree and to itself. */
export async function consistencyProof(older: number, newer: number, subtree: SubtreeHash): Promise<Uint8Array[]> {
  if (older < 0 || older > newer) throw new RangeError(`A tree of ${newer} leaves does not follow one of ${older}.`);
  if (older === 0 || older === newer) return [];
  const path: Uint8Array[] = [];
  let from = 0;
  let to = newer;
  while (older !== to) {
    const middle = from + splitOf(to - from);
    if (older <= middle) {
      path.push(await subtree(middle, to));
      to = middle;
    } else {
      path.push(await subtree(from, middle));
      from = middle;
    }
  }
  if (from > 0) path.push(await subtree(from, to));
  return path.toReversed();
}

/** The root that a leaf and its siblings lead to, or null when they are too few or too many. RFC 9162 section 2.1.3.2. */
export function rootByInclusion(
  leaf: { readonly index: number; readonly hash: Uint8Array },
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | null {
  let [node, last, hash] = [leaf.index, size - 1, leaf.hash];
  if (node < 0 || node > last) return null;
  for (const sibling of proof) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = hashPair(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else hash = hashPair(hash, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? hash : null;
}

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the newer tree begins with all of the older one. RFC 9162 section 2.1.4.2. */
export function isConsistent(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (older.size > newer.size || older.size < 0) return false;
  if (older.size === newer.size) return proof.length === 0 && isSameHash(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && isSameHash(older.root, EMPTY_ROOT);
  let [node, last] = [older.size - 1, newer.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  const path = node === 0 ? [older.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [before, after] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      before = hashPair(sibling, before);
      after = hashPair(sibling, after);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else after = hashPair(after, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSameHash(before, older.root) && isSameHash(after, newer.root);
}

const half = (index: number): number => Math.floor(index / 2);

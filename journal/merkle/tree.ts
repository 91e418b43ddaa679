import { appendLeaves, EMPTY_FRONTIER, LEAVES_PER_KEPT, LEVELS_PER_KEPT, rootOf } from './frontier.ts';
import { hashPair } from './hash.ts';
import { splitOf, type SubtreeHash } from './proof.ts';

/** What a tree of a stored journal is made of. Both are given in order and without gaps. */
export interface TreeSource {
  /** Hashes of the leaves from `from` up to `to`, not included; at most 256 at once. */
  leaves(from: number, to: number): Promise<readonly Uint8Array[]>;
  /** Kept nodes of a level (a multiple of 8), from index `from` up to `to`, not included; at most 256 at once. */
  nodes(level: number, from: number, to: number): Promise<readonly Uint8Array[]>;
}

/**
 * Hashes of subtrees by few reads: for a range at most 256 leaves and 256 nodes of each kept level are fetched.
 * The ranges are those that the split of a tree leads to: a complete subtree, or one that ends where the tree ends.
 */
export function subtreesOf(source: TreeSource): SubtreeHash {
  const hash: SubtreeHash = async (from, to) => {
    const count = to - from;
    const level = keptLevelBelow(count);
    const width = 2 ** level;
    if (count % width !== 0) {
      // Only the end of the tree is not complete: what stands before its last split is.
      const middle = from + splitOf(count);
      return hashPair(await hash(from, middle), await hash(middle, to));
    }
    const [first, last] = [from / width, to / width];
    const parts = level === 0 ? await source.leaves(first, last) : await source.nodes(level, first, last);
    if (parts.length !== count / width) throw new RangeError(`The tree has no hashes from leaf ${from} to ${to}.`);
    return rootOf(appendLeaves(EMPTY_FRONTIER, parts).frontier);
  };
  return hash;
}

/** Largest kept level at which the range is made of at least one node, and of at most 256 below the next. */
function keptLevelBelow(leaves: number): number {
  let level = 0;
  while (leaves >= LEAVES_PER_KEPT * 2 ** level) level += LEVELS_PER_KEPT;
  return level;
}

import { EMPTY_ROOT, HASH_BYTES, hashPair } from './hash.ts';

/**
 * The right edge of a tree: the roots of the complete subtrees that its leaves fall into, largest first. One for each bit
 * of the size, so at most 53; all that is needed to append to the tree and to know its root.
 */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Uint8Array[];
}

/** Root of a complete subtree: over leaves `index * 2^level` up to `(index + 1) * 2^level`, the last not included. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/**
 * Of the nodes, those of every eighth level are kept: one for 256 leaves, as in C2SP tlog-tiles. The others are hashed
 * again from at most 256 of them when a proof asks.
 */
export const LEVELS_PER_KEPT = 8;
export const LEAVES_PER_KEPT = 2 ** LEVELS_PER_KEPT;

export const EMPTY_FRONTIER: Frontier = { size: 0, roots: [] };

/** @returns the tree with the leaves appended, and the nodes to keep that it completed */
export function appendLeaves(
  { size, roots }: Frontier,
  leaves: Iterable<Uint8Array>,
): { readonly frontier: Frontier; readonly completed: readonly TreeNode[] } {
  const edge = [...roots];
  const completed: TreeNode[] = [];
  let count = size;
  for (const leaf of leaves) {
    let node = leaf;
    let level = 0;
    for (let index = count; index % 2 === 1; index = (index - 1) / 2) {
      const left = edge.pop();
      if (left === undefined) throw new RangeError(`A tree of ${count} leaves has more subtrees than its frontier.`);
      node = hashPair(left, node);
      level += 1;
      if (level % LEVELS_PER_KEPT === 0) completed.push({ level, index: (index - 1) / 2, hash: node });
    }
    edge.push(node);
    count += 1;
  }
  return { frontier: { size: count, roots: edge }, completed };
}

/** RFC 6962 section 2.1: the smaller subtrees are joined first. */
export function rootOf({ roots }: Frontier): Uint8Array {
  return roots.length === 0 ? EMPTY_ROOT : roots.reduceRight((right, left) => hashPair(left, right));
}

/** The roots one after the other; the size is kept apart. */
export function frontierToBytes(roots: Frontier['roots']): Uint8Array {
  return Buffer.concat(roots);
}

/** Null when the bytes are not those of a tree of this size. */
export function frontierFromBytes(size: number, bytes: Uint8Array): Frontier | null {
  const count = bytes.length / HASH_BYTES;
  if (count !== bitsOf(size)) return null;
  const roots = Array.from({ length: count }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  return { size, roots };
}

function bitsOf(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}

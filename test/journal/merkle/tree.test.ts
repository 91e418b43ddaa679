import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeaves,
  EMPTY_FRONTIER,
  frontierFromBytes,
  frontierToBytes,
  rootOf,
  type TreeNode,
} from '../../../journal/merkle/frontier.ts';
import { hashLeaf, hashPair } from '../../../journal/merkle/hash.ts';
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  rootByInclusion,
  splitOf,
} from '../../../journal/merkle/proof.ts';
import { subtreesOf, type TreeSource } from '../../../journal/merkle/tree.ts';

/** MTH of RFC 6962 section 2.1, word for word. */
function reference(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const split = splitOf(leaves.length);
  return hashPair(reference(leaves.slice(0, split)), reference(leaves.slice(split)));
}

const LEAVES = Array.from({ length: 1_400 }, (_, i) => hashLeaf(`leaf ${i}`));
const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('hex');

/** A store of the tree over the first leaves, as a journal keeps it. */
function stored(size: number): {
  readonly source: TreeSource;
  readonly root: Uint8Array;
  readonly reads: () => number;
} {
  const { frontier, completed } = appendLeaves(EMPTY_FRONTIER, LEAVES.slice(0, size));
  let reads = 0;
  const read = (parts: readonly Uint8Array[]): readonly Uint8Array[] => {
    reads = Math.max(reads, parts.length);
    return parts;
  };
  const nodesOf = (level: number): readonly TreeNode[] => completed.filter((node) => node.level === level);
  const source: TreeSource = {
    leaves: async (from, to) => read(LEAVES.slice(0, size).slice(from, to)),
    nodes: async (level, from, to) =>
      read(
        nodesOf(level)
          .map(({ hash }) => hash)
          .slice(from, to),
      ),
  };
  return { source, root: rootOf(frontier), reads: () => reads };
}

const sizes = fc.integer({ min: 1, max: LEAVES.length });

describe('a tree', () => {
  it('has the root that the recursion of the RFC gives', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        expect(hex(stored(size).root)).toBe(hex(reference(LEAVES.slice(0, size))));
      }),
      { numRuns: 40 },
    );
  });

  it('is the same whether it grew leaf by leaf or in batches, and over its bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 }), (batches) => {
        let grown = EMPTY_FRONTIER;
        const completed: TreeNode[] = [];
        for (const count of batches) {
          const step = appendLeaves(grown, LEAVES.slice(grown.size, Math.min(grown.size + count, LEAVES.length)));
          completed.push(...step.completed);
          const kept = frontierFromBytes(step.frontier.size, frontierToBytes(step.frontier.roots));
          grown = kept ?? EMPTY_FRONTIER;
        }
        const once = appendLeaves(EMPTY_FRONTIER, LEAVES.slice(0, grown.size));
        expect(hex(rootOf(grown))).toBe(hex(rootOf(once.frontier)));
        expect(completed).toEqual(once.completed);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps one node for 256 leaves and one more for 65,536', () => {
    const leaf = hashLeaf('x');
    const { completed } = appendLeaves(
      EMPTY_FRONTIER,
      Array.from({ length: 65_540 }, () => leaf),
    );
    expect(completed.filter(({ level }) => level === 8).map(({ index }) => index)).toEqual([...Array(256).keys()]);
    expect(completed.filter(({ level }) => level > 8).map(({ level, index }) => [level, index])).toEqual([[16, 0]]);
  });

  it('is not read from bytes of another size', () => {
    const { frontier } = appendLeaves(EMPTY_FRONTIER, LEAVES.slice(0, 7));
    expect(frontierFromBytes(8, frontierToBytes(frontier.roots))).toBeNull();
    expect(frontierFromBytes(7, frontierToBytes(frontier.roots).slice(1))).toBeNull();
  });
});

describe('an inclusion proof', () => {
  it('leads from the leaf to the root, by at most 256 hashes a read', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (size, at) => {
        const tree = stored(size);
        const index = at % size;
        const hash = LEAVES[index] ?? new Uint8Array();
        const proof = await inclusionProof(index, size, subtreesOf(tree.source));
        expect(hex(rootByInclusion({ index, hash }, size, proof))).toBe(hex(tree.root));
        expect(tree.reads()).toBeLessThanOrEqual(256);
      }),
      { numRuns: 150 },
    );
  });

  it('leads elsewhere for another leaf, index, size, or when a hash is changed, missing or too many', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: LEAVES.length }), fc.nat(), fc.nat(), async (size, at, which) => {
        const { source, root } = stored(size);
        const index = at % size;
        const hash = LEAVES[index] ?? new Uint8Array();
        const proof = await inclusionProof(index, size, subtreesOf(source));
        const flipped = proof.map((each, i) => (i === which % proof.length ? hashLeaf(hex(each)) : each));
        const outcomes = [
          rootByInclusion({ index, hash: hashLeaf('another') }, size, proof),
          rootByInclusion({ index: (index + 1) % size, hash }, size, proof),
          rootByInclusion({ index, hash }, size, flipped),
          rootByInclusion({ index, hash }, size, proof.slice(1)),
          rootByInclusion({ index, hash }, size, [...proof, hash]),
          rootByInclusion({ index: size, hash }, size, proof),
        ];
        for (const outcome of outcomes) expect(hex(outcome)).not.toBe(hex(root));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a consistency proof', () => {
  it('shows that the newer tree begins with the older one', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (newer, at) => {
        const older = at % (newer + 1);
        const { source, root } = stored(newer);
        const proof = await consistencyProof(older, newer, subtreesOf(source));
        const before = { size: older, root: older === 0 ? rootOf(EMPTY_FRONTIER) : stored(older).root };
        expect(isConsistent(before, { size: newer, root }, proof)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('shows nothing for a history that was changed, cut or proven otherwise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: LEAVES.length }), fc.nat(), async (newer, at) => {
        const older = 1 + (at % (newer - 1));
        const { source, root } = stored(newer);
        const proof = await consistencyProof(older, newer, subtreesOf(source));
        const before = { size: older, root: stored(older).root };
        const forged = { size: older, root: hashLeaf('forged') };
        expect(isConsistent(forged, { size: newer, root }, proof)).toBe(false);
        expect(isConsistent(before, { size: newer, root: hashLeaf('forged') }, proof)).toBe(false);
        expect(isConsistent({ size: newer, root }, before, proof)).toBe(false);
        expect(isConsistent(before, { size: newer, root }, [...proof, root])).toBe(false);
        expect(isConsistent(before, { size: newer, root }, proof.slice(0, -1))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

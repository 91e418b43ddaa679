import type { Frontier, TreeNode } from '../events/journal/merkle/frontier.ts';
import { appendLeaves, EMPTY_FRONTIER, rootOf } from '../events/journal/merkle/frontier.ts';
import { hashLeaf, isSameHash } from '../events/journal/merkle/hash.ts';
import { leafText } from '../events/journal/merkle/leaf.ts';
import { JournalError, type JournalReader, type StoredEvent, type TreeReader } from '../events/journal/port.ts';
import type { SignedHead } from './checkpoints.ts';

/** Where the record is not what was written, the first place first. */
export interface IntegrityFault {
  /**
   * `missing`: no event at the position. `inserted`: a position that is not the next one. `changed`: the row is not what
   * its leaf hash was taken of. `reordered`: a stream's version is not the next one. `tree`: the stored tree is not that of
   * the rows. `forged`: what was signed is not what is there. `truncated`: less is there than was signed.
   */
  readonly kind: 'missing' | 'inserted' | 'changed' | 'reordered' | 'tree' | 'forged' | 'truncated';
  /** The event, or the last one that is covered. */
  readonly position: number;
  readonly says: string;
}

export interface Integrity {
  readonly events: number;
  readonly root: Uint8Array;
  readonly faults: readonly IntegrityFault[];
  /** Size of the largest signed head that the events agree with; 0 without any. */
  readonly signedUpTo: number;
}

export interface Progress {
  readonly position: number;
  readonly head: number;
}

const PAGE = 1_000;
/** The first faults name the place; more would be consequences of them. */
const MAX_FAULTS = 100;

/**
 * Reads every event as it is stored, hashes it, and grows the tree anew: against the leaf beside each event, the nodes and
 * the edge that the journal keeps, and each head that was signed. Reads pages; what it keeps grows with
 * the number of streams (a name and a version each) and of signed heads, not with that of events.
 */
export async function verifyIntegrity(
  journal: JournalReader & TreeReader,
  signed: readonly SignedHead[],
  onProgress: (progress: Progress) => void = () => {},
): Promise<Integrity> {
  const check = new Check(signed);
  const [head, kept] = [await journal.head(), await edgeOf(journal)];
  for (let after = 0; ;) {
    const page = await journal.stored({ after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) break;
    const completed = check.take(page);
    for (const node of completed) await check.node(journal, node);
    after = last.position;
    onProgress({ position: after, head });
  }
  return check.end(head, kept);
}

/** Null where the journal keeps the edge of a tree of another size. */
async function edgeOf(journal: TreeReader): Promise<Frontier | null> {
  try {
    return await journal.tree();
  } catch (error) {
    if (error instanceof JournalError && error.fault === 'corrupt') return null;
    throw error;
  }
}

class Check {
  readonly #signed: readonly SignedHead[];
  readonly #faults: IntegrityFault[] = [];
  readonly #versions = new Map<string, number>();
  #frontier: Frontier = EMPTY_FRONTIER;
  #position = 0;
  #next = 0;
  #signedUpTo = 0;

  constructor(signed: readonly SignedHead[]) {
    this.#signed = signed.toSorted((a, b) => a.size - b.size);
  }

  take(page: readonly StoredEvent[]): readonly TreeNode[] {
    const completed: TreeNode[] = [];
    for (const event of page) {
      this.#order(event);
      const grown = appendLeaves(this.#frontier, [this.#leaf(event)]);
      this.#frontier = grown.frontier;
      completed.push(...grown.completed);
      this.#heads();
    }
    return completed;
  }

  async node(journal: TreeReader, { level, index, hash }: TreeNode): Promise<void> {
    const [stored] = await journal.nodes(level, index, index + 1);
    if (stored !== undefined && isSameHash(stored, hash)) return;
    const end = (index + 1) * 2 ** level;
    this.#fault('tree', end, `the kept node over the ${2 ** level} events up to here is not theirs`);
  }

  end(head: number, kept: Frontier | null): Integrity {
    const root = rootOf(this.#frontier);
    if (head > this.#position) {
      this.#fault('truncated', this.#position, `the head names ${head} events, and ${this.#position} are there`);
    } else if (kept?.size !== this.#position || !isSameHash(rootOf(kept), root)) {
      this.#fault('tree', head, 'the root that the journal keeps is not that of its events');
    }
    for (const { size, from } of this.#signed.slice(this.#next)) {
      this.#fault(
        'truncated',
        this.#position,
        `${source(from)} covers ${size} events, and ${this.#position} are there`,
      );
    }
    const faults = this.#faults.toSorted((a, b) => a.position - b.position);
    return { events: this.#position, root, faults, signedUpTo: this.#signedUpTo };
  }

  #order({ position, stream, version }: StoredEvent): void {
    const expected = this.#position + 1;
    if (position > expected) this.#fault('missing', expected, `the next event is at ${position}`);
    if (position < expected) this.#fault('inserted', position, `${expected} was to come`);
    this.#position = position;
    const next = (this.#versions.get(stream) ?? 0) + 1;
    this.#versions.set(stream, version);
    if (version !== next) this.#fault('reordered', position, `${stream} is at version ${version}, ${next} was to come`);
  }

  #leaf(event: StoredEvent): Uint8Array {
    const text = leafText(event, event.data);
    const hash = hashLeaf(text ?? '');
    const isSame = text !== null && event.leaf !== null && isSameHash(event.leaf, hash);
    if (!isSame) this.#fault('changed', event.position, 'the event is not what its leaf hash was taken of');
    return hash;
  }

  /** What was signed at this size. */
  #heads(): void {
    for (let head = this.#signed[this.#next]; head?.size === this.#frontier.size; head = this.#signed[this.#next]) {
      this.#next += 1;
      if (isSameHash(head.root, rootOf(this.#frontier))) {
        this.#signedUpTo = head.size;
        continue;
      }
      const says = `${source(head.from)} signs another root over events ${this.#signedUpTo + 1} to ${head.size}`;
      this.#fault('forged', head.size, says);
    }
  }

  #fault(kind: IntegrityFault['kind'], position: number, says: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ kind, position, says });
  }
}

const source = (from: number | string): string =>
  typeof from === 'number' ? `the checkpoint at position ${from}` : `the checkpoint ${from}`;

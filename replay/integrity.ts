import type { Frontier, TreeNode } from '../journal/merkle/frontier.ts';
import { appendLeaves, rootOf } from '../journal/merkle/frontier.ts';
import { hashLeaf, isSameHash } from '../journal/merkle/hash.ts';
import { leafText } from '../journal/leaf.ts';
import type { StoredEvent } from '../journal/port.ts';
import type { SignedHead } from './checkpoints.ts';
import { misplaced, skipped } from './diagnosis.ts';
import { Scratch } from './scratch/scratch.ts';
import { NUMBER, type Shelf } from './scratch/shelf.ts';
import { walk, type JournalSource, type Pass, type Progress } from './source.ts';

/** Where the record is not what was written, the first place first. */
export interface IntegrityFault {
  /**
   * `removed`: an event is gone. `inserted`: one is there that was not. `reordered`: it stood elsewhere. `changed`: the row
   * is not what its leaf hash was taken of. `tree`: the kept tree is not that of the rows. `rewritten`: the hashes agree with each other,
   * and not with what was signed. `damaged`: the store cannot be read from there on. `forged`: a signature that is not the operator's. `truncated`: less is there than was.
   */
  readonly kind:
    | 'removed'
    | 'inserted'
    | 'reordered'
    | 'changed'
    | 'tree'
    | 'rewritten'
    | 'forged'
    | 'truncated'
    | 'damaged';
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
  /** Root over the first events, for each of the sizes that were asked for and are there. */
  readonly rootsAt: ReadonlyMap<number, Uint8Array>;
}

/** The first faults name the place; more would be consequences of them. */
const MAX_FAULTS = 100;

/**
 * Hashes every event as it is stored, and grows the tree anew: against the leaf beside each event, the nodes and the edge
 * that the journal keeps, and each head that was signed. What it has to remember of streams is on a shelf.
 */
export class IntegrityPass implements Pass {
  readonly #source: JournalSource;
  readonly #signed: readonly SignedHead[];
  readonly #versions: Shelf<number>;
  readonly #faults: IntegrityFault[] = [];
  #frontier: Frontier;
  #position: number;
  #next = 0;
  #joint = 0;
  #signedUpTo = 0;
  readonly #sizes: ReadonlySet<number>;
  readonly #rootsAt = new Map<number, Uint8Array>();

  /** @param sizes for which the root is to be told */
  constructor(
    source: JournalSource,
    signed: readonly SignedHead[],
    scratch: Scratch,
    sizes: ReadonlySet<number> = new Set(),
  ) {
    this.#sizes = sizes;
    this.#source = source;
    // What was signed of events that are not here is shown by the tree over them alone, at its end.
    this.#signed = signed.filter(({ size }) => size > source.head.before.size).toSorted((a, b) => a.size - b.size);
    this.#versions = scratch.shelf(NUMBER);
    this.#frontier = source.head.before;
    this.#position = source.head.before.size;
  }

  async page(events: readonly StoredEvent[]): Promise<void> {
    const completed: TreeNode[] = [];
    for (const [index, event] of events.entries()) {
      this.#order(event, events, index);
      const grown = appendLeaves(this.#frontier, [this.#leaf(event, events[index + 1])]);
      this.#frontier = grown.frontier;
      completed.push(...grown.completed);
      this.#heads();
      this.#joints();
      if (this.#sizes.has(this.#frontier.size)) this.#rootsAt.set(this.#frontier.size, rootOf(this.#frontier));
    }
    if (this.#source.head.keeps === 'nodes') for (const node of completed) await this.#node(node);
  }

  /** The store gave out behind what was read. */
  damaged(): void {
    this.#fault('damaged', this.#position + 1, 'the store cannot be read from here on');
  }

  end(): Integrity {
    const { size, root: kept, last } = this.#source.head;
    const root = rootOf(this.#frontier);
    const there = `and ${this.#frontier.size} are there`;
    if (size > this.#position) this.#fault('truncated', this.#position, `the head names ${size} events, ${there}`);
    else if (last > size) this.#fault('inserted', size + 1, `the head names ${size} events, and behind it is more`);
    else if (kept === null || size !== this.#frontier.size || !isSameHash(kept, root)) {
      this.#fault('tree', size, 'the root that the journal keeps is not that of its events');
    }
    for (const { size: signed, from } of this.#signed.slice(this.#next)) {
      this.#fault('truncated', this.#position, `${source(from)} covers ${signed} events, ${there}`);
    }
    const faults = inOrder(this.#faults);
    return { events: this.#frontier.size, root, faults, signedUpTo: this.#signedUpTo, rootsAt: this.#rootsAt };
  }

  async #node({ level, index, hash }: TreeNode): Promise<void> {
    const stored = await this.#source.node(level, index);
    if (stored !== null && isSameHash(stored, hash)) return;
    const end = (index + 1) * 2 ** level;
    this.#fault('tree', end, `the kept node over the ${2 ** level} events up to here is not theirs`);
  }

  #order({ position, stream, version }: StoredEvent, page: readonly StoredEvent[], index: number): void {
    const expected = this.#position + 1;
    if (position > expected) this.#fault('removed', expected, `the next event is at ${position}`);
    if (position < expected) this.#fault('inserted', position, `${expected} was to come`);
    this.#position = Math.max(position, this.#position);
    const next = (this.#versions.get(stream) ?? this.#firstOf(version)) + 1;
    this.#versions.set(stream, version);
    if (version === next) return;
    const says = `${stream} is at version ${version}, ${next} was to come`;
    this.#fault(skipped({ stream, version, next }, page.slice(index + 1)), position, says);
  }

  /** What stands before the first event is not known where that is not the first of the journal. */
  #firstOf(version: number): number {
    return this.#source.head.before.size === 0 ? 0 : version - 1;
  }

  #leaf(event: StoredEvent, following: StoredEvent | undefined): Uint8Array {
    const text = leafText(event, event.data);
    const hash = hashLeaf(text ?? '');
    if (text !== null && event.leaf !== null && isSameHash(event.leaf, hash)) return hash;
    // Where one thing is wrong, all behind it may be: what it was is asked of the first few.
    const place = this.#faults.length < MAX_DIAGNOSED ? misplaced(event, following) : null;
    if (place === null) this.#fault('changed', event.position, 'the event is not what its leaf hash was taken of');
    else this.#fault(place.kind, place.position, place.says);
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
      this.#fault('rewritten', head.size, says);
    }
  }

  /** Where an archive and what goes on behind it were cut apart. */
  #joints(): void {
    const joint = this.#source.head.joints[this.#joint];
    if (joint?.size !== this.#frontier.size) return;
    this.#joint += 1;
    if (isSameHash(rootOf(joint), rootOf(this.#frontier))) return;
    this.#fault('tree', joint.size, 'what goes on behind the archive up to here went on from other events');
  }

  #fault(kind: IntegrityFault['kind'], position: number, says: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ kind, position, says });
  }
}

const MAX_DIAGNOSED = 8;

/** At one position, what tells most comes first. */
const TELLING: readonly IntegrityFault['kind'][] = ['inserted', 'removed', 'reordered', 'changed'];
const rank = ({ kind }: IntegrityFault): number => {
  const found = TELLING.indexOf(kind);
  return found < 0 ? TELLING.length : found;
};

/** By position. */
export const inOrder = (faults: readonly IntegrityFault[]): readonly IntegrityFault[] =>
  faults.toSorted((a, b) => a.position - b.position || rank(a) - rank(b));

export const source = (from: number | string): string =>
  typeof from === 'number' ? `the checkpoint at position ${from}` : `the checkpoint ${from}`;

/** All events of a journal, against what was signed of it. */
export async function verifyIntegrity(
  journal: JournalSource,
  signed: readonly SignedHead[],
  onProgress?: (progress: Progress) => void,
): Promise<Integrity> {
  const scratch = new Scratch();
  try {
    const pass = new IntegrityPass(journal, signed, scratch);
    await walk(journal, [pass], onProgress);
    return pass.end();
  } finally {
    scratch.close();
  }
}

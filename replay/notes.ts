import { isSameHash } from '../journal/merkle/hash.ts';
import type { NoteVerifier } from '../security/transparency/note-key.ts';
import { readAnyCheckpoint, storedCheckpoints, type ReadCheckpoint, type SignedHead } from './checkpoints.ts';
import { inOrder, type IntegrityFault } from './integrity.ts';
import type { JournalSource } from './source.ts';
import type { JournalAudit } from './journal-audit.ts';

/** What was signed of one journal. */
export interface JournalNotes {
  readonly signed: readonly SignedHead[];
  readonly faults: readonly IntegrityFault[];
  /** Where a note is that a key the auditor does not have signed. */
  readonly foreign: readonly (number | string)[];
  /** Sizes of notes that were brought along, and may be of this journal. */
  readonly sizes: ReadonlySet<number>;
}

/** How a note that was brought along is named: by nothing that another auditor may have called otherwise. */
const BROUGHT = 'brought along';

/** Sorts out which note is of which journal. */
export async function notesOf(
  sources: readonly JournalSource[],
  { verifiers, brought }: { readonly verifiers: readonly NoteVerifier[]; readonly brought: readonly string[] },
): Promise<Notes> {
  const stored: (readonly ReadCheckpoint[])[] = [];
  for (const source of sources) stored.push(verifiers.length === 0 ? [] : await storedCheckpoints(source, verifiers));
  return new Notes(
    sources,
    stored,
    brought.map((note) => readAnyCheckpoint(note, BROUGHT, verifiers)),
  );
}

const NOTHING: JournalNotes = { signed: [], faults: [], foreign: [], sizes: new Set() };

/**
 * A journal holds notes of its own, which are about it. A note that was brought along is about the journals whose notes are under
 * the same name; where there is none, about one of those that hold no note.
 */
export class Notes {
  readonly #notes: readonly JournalNotes[];
  readonly #open: readonly SignedHead[];

  constructor(
    sources: readonly JournalSource[],
    stored: readonly (readonly ReadCheckpoint[])[],
    brought: readonly ReadCheckpoint[],
  ) {
    const heads = brought.flatMap((one) => (one.kind === 'signed' ? [one.head] : []));
    const names = stored.map((all) => new Set(all.flatMap((one) => (one.kind === 'signed' ? [one.head.origin] : []))));
    const isTaken = ({ origin }: SignedHead): boolean =>
      sources.length === 1 || names.some((known) => known.has(origin));
    this.#open = heads.filter((head) => !isTaken(head));
    const sizes = new Set(this.#open.map(({ size }) => size));
    const bad = brought.filter((one) => one.kind === 'refused');
    this.#notes = sources.map((source, index) => {
      const known = names[index] ?? new Set();
      const own = sources.length === 1 ? heads : heads.filter(({ origin }) => known.has(origin));
      const notes = sorted([...(stored[index] ?? []), ...(index === 0 ? bad : [])], source);
      return { ...notes, signed: [...notes.signed, ...own], sizes: known.size === 0 ? sizes : new Set() };
    });
  }

  /** Names of the keys that signed nothing of all this. */
  unused(verifiers: readonly NoteVerifier[]): readonly string[] {
    const used = new Set(this.#notes.flatMap(({ signed }) => signed.map(({ origin }) => origin)));
    return verifiers.map(({ name }) => name).filter((name) => !used.has(name));
  }

  of(index: number): JournalNotes {
    return this.#notes[index] ?? NOTHING;
  }

  /** A note that no journal is known to be of has to be of one of them. */
  settled(journals: readonly JournalAudit[]): readonly JournalAudit[] {
    const astray = this.#open.filter(
      ({ size, root }) =>
        !journals.some(({ integrity }) => {
          const found = integrity.rootsAt.get(size);
          return found !== undefined && isSameHash(found, root);
        }),
    );
    if (astray.length === 0) return journals;
    const faults = astray.map(({ size }): IntegrityFault => {
      const says = `a checkpoint that was brought along covers ${size} events of a journal, and none is that one`;
      return { kind: 'rewritten', position: size, says };
    });
    return journals.map((journal, index) =>
      (this.#notes[index]?.sizes.size ?? 0) === 0
        ? journal
        : {
            ...journal,
            integrity: { ...journal.integrity, faults: inOrder([...journal.integrity.faults, ...faults]) },
          },
    );
  }
}

function sorted(read: readonly ReadCheckpoint[], source: JournalSource): JournalNotes {
  const signed: SignedHead[] = [];
  const faults: IntegrityFault[] = [];
  const foreign: (number | string)[] = [];
  for (const one of read) {
    if (one.kind === 'signed') signed.push(one.head);
    else if (one.reason === 'unsigned') foreign.push(one.from);
    else faults.push(forged(one, source));
  }
  return { signed, faults, foreign, sizes: new Set() };
}

function forged(
  { from, reason }: Extract<ReadCheckpoint, { readonly kind: 'refused' }>,
  { head }: JournalSource,
): IntegrityFault {
  const position = typeof from === 'number' ? from : head.last;
  const says =
    reason === 'forged'
      ? `the signature of the checkpoint ${at(from)} is not that of the key that it names`
      : `the checkpoint ${at(from)} is none, or says something else than its event`;
  return { kind: 'forged', position, says };
}

const at = (from: number | string): string => (typeof from === 'number' ? `at position ${from}` : from);

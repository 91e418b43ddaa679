import { appendLeaves, rootOf, type Frontier } from '../merkle/frontier.ts';
import { isSameHash } from '../merkle/hash.ts';
import { leafHash } from '../leaf.ts';
import { subtreesOf } from '../merkle/tree.ts';
import { JournalError, type StoredEvent, type TreeReader } from '../port.ts';
import { endLine, eventLine, headerLine, type ExportedEvent } from './format.ts';

/** Events a read; with short events half a megabyte of text. */
const PAGE = 1_000;

export interface ExportRange {
  /** Positions of the first and the last event. */
  readonly from: number;
  readonly to: number;
}

/** Newest checkpoint that covers no event after the range. */
export interface SignedNote {
  readonly origin: string;
  readonly size: number;
  readonly note: string;
}

/** Some lines of an export, and the position up to which it is done. */
export interface ExportChunk {
  readonly text: string;
  readonly position: number;
}

/**
 * Events of a journal as lines of text, a page at a time, also while its role commits. The range must be there.
 * @throws JournalError `corrupt` where an event is not what its leaf hash was taken of, or is missing
 */
export async function* exportJournal(
  journal: TreeReader,
  { from, to }: ExportRange,
  signed: SignedNote | null,
): AsyncGenerator<ExportChunk> {
  let tree = await edgeBefore(journal, from);
  const header = { origin: signed?.origin ?? null, from, to, signed: signed?.size ?? 0, before: tree.roots };
  yield { text: `${headerLine(header)}\n`, position: from - 1 };
  while (tree.size < to) {
    const page = await journal.stored({ after: tree.size, limit: Math.min(PAGE, to - tree.size) });
    const events = page.map((event, i) => whole(event, tree.size + 1 + i));
    if (events.length === 0) throw damaged(`there is no event at position ${tree.size + 1}`);
    tree = appendLeaves(
      tree,
      events.map(({ leaf }) => leaf),
    ).frontier;
    yield { text: events.map((event) => `${eventLine(event)}\n`).join(''), position: tree.size };
  }
  const [root, head] = [rootOf(tree), await journal.tree()];
  if (head.size === to && !isSameHash(root, rootOf(head))) throw damaged('its events do not lead to the root it keeps');
  yield { text: `${endLine({ size: to, root, checkpoint: signed?.note ?? null })}\n`, position: to };
}

function whole(event: StoredEvent, position: number): ExportedEvent {
  const { leaf } = event;
  if (event.position !== position) throw damaged(`there is no event at position ${position}`);
  if (leaf !== null && isSameHash(leaf, leafHash(event, event.data))) return { ...event, leaf };
  throw damaged(`the event at position ${position} is not what its leaf hash was taken of`);
}

/** The complete subtrees that the leaves before a position fall into. */
export async function edgeBefore(journal: TreeReader, position: number): Promise<Frontier> {
  const size = position - 1;
  const subtree = subtreesOf(journal);
  const roots: Uint8Array[] = [];
  for (let done = 0; done < size;) {
    let width = 1;
    while (width * 2 <= size - done) width *= 2;
    roots.push(await subtree(done, done + width));
    done += width;
  }
  return { size, roots };
}

function damaged(what: string): JournalError {
  return new JournalError('corrupt', `The journal is not what was written: ${what}.`, 'Run cpns journal verify.');
}

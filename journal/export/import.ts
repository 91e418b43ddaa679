import { appendLeaves, EMPTY_FRONTIER, rootOf, type Frontier } from '../merkle/frontier.ts';
import { isSameHash } from '../merkle/hash.ts';
import { JournalError, type Commit, type Journal } from '../port.ts';
import type { ExportedEvent, ExportEnd } from './format.ts';
import type { ExportPart } from './read.ts';

/** Events of one transaction. */
const EVENTS_PER_COMMIT = 1_000;

/** `wentOn`: an import of the same file had broken off. `already`: all events of the file were there. */
export type Imported = 'imported' | 'wentOn' | 'already';

/**
 * Puts the events of a whole export into an empty journal: positions, versions, leaves and root are those of the file.
 * May die between any two instructions and be run again with the same file: a journal that holds the first events of the
 * file and nothing else is gone on with.
 * @param parts of `readExport`, over a file that was read to its end before
 * @throws JournalError `failed` where something else is in the journal; nothing is written then
 */
export async function importJournal(
  journal: Journal,
  parts: AsyncIterable<ExportPart>,
  onProgress: (position: number) => void = () => {},
): Promise<Imported> {
  const there = await journal.tree();
  await refuseRows(journal);
  let passed: Frontier = EMPTY_FRONTIER;
  let end: ExportEnd | null = null;
  for await (const part of parts) {
    switch (part.kind) {
      case 'header':
        if (part.header.from !== 1)
          throw refused(
            `the file begins at position ${part.header.from}`,
            'Export the journal from its first event on.',
          );
        if (there.size > part.header.to) throw otherJournal(there.size);
        break;
      case 'events': {
        const known = part.events.slice(0, there.size - passed.size);
        passed = appendLeaves(
          passed,
          known.map(({ leaf }) => leaf),
        ).frontier;
        if (passed.size < there.size) break;
        if (!isSameHash(rootOf(passed), rootOf(there))) throw otherJournal(there.size);
        await appendAll(journal, part.events.slice(known.length), onProgress);
        break;
      }
      case 'end':
        ({ end } = part);
    }
  }
  const now = await journal.tree();
  if (end === null || now.size !== end.size || !isSameHash(rootOf(now), end.root))
    throw refused('what is in it now is not what the file says', 'Remove it and import the file again.');
  if (there.size === 0) return 'imported';
  return there.size === now.size ? 'already' : 'wentOn';
}

async function appendAll(
  journal: Journal,
  events: readonly ExportedEvent[],
  onProgress: (position: number) => void,
): Promise<void> {
  for (let done = 0; done < events.length; done += EVENTS_PER_COMMIT) {
    const some = events.slice(done, done + EVENTS_PER_COMMIT);
    const { kind } = await journal.commit(commitOf(some));
    if (kind !== 'committed') throw refused('another process writes it', 'Stop that process first.');
    onProgress(some.at(-1)?.position ?? 0);
  }
}

/** Events of many streams, in the order of their positions. */
function commitOf(events: readonly ExportedEvent[]): Commit {
  return {
    messageKey: null,
    appends: events.map(({ stream, version, type, schemaVersion, data, meta }) => ({
      stream,
      expected: version === 1 ? { kind: 'noStream' } : { kind: 'exactly', version: version - 1 },
      events: [{ type, schemaVersion, data: JSON.parse(data), meta }],
    })),
    outbox: { put: [], settle: [] },
    answers: [],
    timers: { arm: [], disarm: [] },
    keys: { put: [], drop: [] },
  };
}

/** An import leaves none of these behind: where they are, a role is at work. */
async function refuseRows(journal: Journal): Promise<void> {
  const rows = [
    ...(await journal.wrappedKeys({ after: '', limit: 1 })),
    ...(await journal.pendingOutbox({ limit: 1 })),
    ...(await journal.pendingTimers({ limit: 1 })),
  ];
  if (rows.length > 0) throw refused('a role has worked with it', EMPTY_ONE);
}

const EMPTY_ONE = 'Name a file that is not there, or an empty database.';

const otherJournal = (size: number): JournalError => refused(`it holds ${size} events of its own`, EMPTY_ONE);

function refused(why: string, remedy: string): JournalError {
  return new JournalError('failed', `The import is refused: ${why}.`, remedy);
}

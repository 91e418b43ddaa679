import { existsSync } from 'node:fs';
import { sql } from 'kysely';
import { foldActor } from '../../fold/fold.ts';
import type { FoldSource } from '../../fold/source.ts';
import { edgeBefore } from '../../journal/export/write.ts';
import { rootOf } from '../../journal/merkle/frontier.ts';
import { isSameHash } from '../../journal/merkle/hash.ts';
import type { Archived, Base } from '../../journal/port.ts';
import { compact, replaceBases } from '../../journal/sql/compact.ts';
import { hasRegister, registered, type ProjectionTables } from '../../projections/checkpoints.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import { BasesPass, basesOf } from '../../replay/bases.ts';
import { Scratch } from '../../replay/scratch/scratch.ts';
import { walk, type JournalSource } from '../../replay/source.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { flushFolderOf } from '../private-file.ts';
import type { Running } from '../run.ts';
import { writeExport } from './export.ts';
import { checkExport } from './import.ts';
import type { OpenJournal } from './open.ts';
import { progressOf } from './progress.ts';
import { isChartId, CHARTS } from '../../machines/catalogue.ts';
import { JOURNAL_STREAMS } from '../../machines/streams.ts';

export interface Compacted {
  readonly outcome: 'compacted' | 'already';
  /** Events of the archive file. */
  readonly from: number;
  readonly to: number;
  /** Rows that went; the events of the keyring and of the record are in the archive, and stay. */
  readonly removed: number;
}

/**
 * Moves the events up to a position into an archive file. The file is written, synced and read again before a row goes;
 * then all rows go in one transaction, or none. May die between any two instructions and be run again with the same file.
 * @throws UsageError where it cannot be done: no row has gone then
 */
export async function compactJournal(
  host: Host,
  running: Running,
  journal: OpenJournal,
  upTo: number,
  file: string,
): Promise<Compacted> {
  const from = ((await journal.archived())?.upTo ?? 0) + 1;
  if (upTo < from) return { outcome: 'already', from, to: from - 1, removed: 0 };
  await refuseUnread(journal, upTo);
  if (!existsSync(file)) {
    await writeExport(host, running, journal, { from, to: upTo }, file);
    flushFolderOf(file);
  }
  const archived = { upTo, edge: await edgeBefore(journal, upTo + 1) };
  await checkArchive(host, running, file, from, archived);
  // What is known of the journal itself stays at hand: its checkpoints, and which keys were destroyed.
  const removed = await compact(journal.writer, archived, basesUpTo(host, journal, from, upTo), JOURNAL_STREAMS);
  // SQLite keeps the room of rows that went to itself.
  if (journal.capabilities.writers === 'one') await sql`vacuum`.execute(journal.writer);
  return { outcome: 'compacted', from, to: upTo, removed };
}

/** Reads the file to its end, and holds it against the tree of the journal. */
async function checkArchive(host: Host, running: Running, file: string, from: number, { upTo, edge }: Archived) {
  const { header, end } = await checkExport(host, running, file);
  const isRange = header.from === from && header.to === upTo;
  if (isRange && isSameHash(end.root, rootOf(edge))) return;
  throw new UsageError(
    `${file} holds events ${header.from} to ${header.to}${isRange ? ' of another journal' : `, not ${from} to ${upTo}`}`,
    'Name a file that is not there; an archive is never written over.',
  );
}

/** A projection that has not read an event would never see it. */
async function refuseUnread(journal: OpenJournal, upTo: number): Promise<void> {
  const db = journal.db.$extendTables<ProjectionTables>();
  if (!(await hasRegister(db, journal.capabilities))) return;
  const behind = (await registered(db)).find(({ position }) => position < upTo);
  if (behind === undefined) return;
  throw new UsageError(
    `The projection ${behind.name} has read ${behind.position} events, fewer than ${upTo}`,
    'Run its role until it has caught up (`cpns projections ls`), or archive less.',
  );
}

/** For each stream that loses events the state at the last of them; folded from its events, never from a snapshot. */
async function* basesUpTo(host: Host, journal: OpenJournal, from: number, upTo: number): AsyncGenerator<Base> {
  const source: FoldSource = {
    readStream: (stream, range) => journal.readStream(stream, range),
    base: (stream) => journal.base(stream),
  };
  const query = journal.db.selectFrom('events').select(['stream', 'chart_id']).distinct();
  const rows = await query.where('position', '>=', from).where('position', '<=', upTo).orderBy('stream').execute();
  const streams = rows.filter(({ stream }) => !JOURNAL_STREAMS.includes(stream));
  const tell = progressOf(host, 'folded', 'streams');
  for (const [i, { stream, chart_id: id }] of streams.entries()) {
    tell(i, streams.length);
    if (!isChartId(id))
      throw new UsageError(
        `${stream} is of the chart ${id}, and this program has no such chart`,
        'Use the program that wrote it.',
      );
    const { state, version, position } = await foldActor(source, CHARTS[id], stream, { position: upTo });
    yield snapshotOf(CHARTS[id], { stream, version, position }, state);
  }
}

/** Folds the archives through the charts of this program, and puts what comes of it into the place of the bases. */
export async function refoldBases(host: Host, journal: OpenJournal, source: JournalSource): Promise<number> {
  const scratch = new Scratch();
  try {
    const pass = new BasesPass((await journal.archived())?.upTo ?? 0, scratch);
    const tell = progressOf(host, 'folded');
    await walk(source, [pass], ({ done, all }) => tell(done, all));
    let count = 0;
    const anew = async function* (): AsyncGenerator<Base> {
      for await (const base of basesOf(journal)) {
        const folded = pass.folded(base);
        if (folded === null)
          throw new UsageError(
            `${base.stream} does not fold through the charts of this program`,
            'Use the program that wrote it. Nothing was changed.',
          );
        count += 1;
        yield folded;
      }
    };
    await replaceBases(journal.writer, anew());
    return count;
  } finally {
    scratch.close();
  }
}

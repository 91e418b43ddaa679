import { basename, resolve } from 'node:path';
import type { JournalReader, TreeReader } from '../../journal/port.ts';
import { bounded } from '../../journal/range.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import type { JournalSource } from '../../replay/source.ts';
import { exportSource } from '../../replay/sources/export.ts';
import { readerOf } from '../../replay/sources/reader.ts';
import { joinArchives } from '../../replay/sources/archives.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { exportFile } from './export-file.ts';

/**
 * A journal with the archives that hold what was moved out of it, in whatever order they are named.
 * @throws UsageError where they are not all of them, or not of this journal
 */
export async function withArchives(
  host: Host,
  name: string,
  reader: SqlReader,
  files: readonly string[],
): Promise<JournalSource> {
  const journal = await sqlSource(name, reader);
  const opened = await Promise.all(
    files.map((file) => exportSource(exportFile(basename(file), resolve(host.cwd, file)))),
  );
  const { source, used } = joinArchives(journal, opened);
  if (source.head.before.size > 0) throw missing(1, source.head.before.size);
  if (used.length < opened.length) throw notTheseArchives();
  return source;
}

/** What a command reads: the journal alone, or with the archives that were named. @throws UsageError */
export async function readerWith(
  host: Host,
  reader: SqlReader,
  files: readonly string[] | undefined,
): Promise<JournalReader & Pick<SqlReader, 'db'>> {
  if (files === undefined) return reader;
  return { ...readerOf(await withArchives(host, 'the journal', reader, files)), db: reader.db };
}

/** Events as stored, for a proof: by position, also of those that are archived. */
export async function readStored(
  host: Host,
  reader: SqlReader,
  files: readonly string[] | undefined,
): Promise<TreeReader['stored']> {
  if (files === undefined) return (range) => reader.stored(range);
  const source = await withArchives(host, 'the journal', reader, files);
  return (range) => source.stored(bounded(range));
}

/** For whoever folds every stream from its first event. @throws UsageError */
export async function refuseArchived(reader: SqlReader): Promise<void> {
  const archived = await reader.archived();
  if (archived !== null) throw missing(1, archived.upTo);
}

function notTheseArchives(): UsageError {
  return new UsageError(
    'These are not the archives of this journal',
    'Name the files that `cpns journal compact` wrote for it, each once, and no others.',
  );
}

function missing(from: number, to: number): UsageError {
  return new UsageError(
    `Events ${from} to ${to} are in an archive that was not named`,
    'Name each archive of the journal with --archive.',
  );
}

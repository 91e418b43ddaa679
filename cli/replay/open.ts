import { isPostgresUrl } from '../../journal/postgres/address.ts';
import { openPostgresReader } from '../../journal/postgres/open.ts';
import { openSqliteEvidence } from '../../journal/sqlite/evidence.ts';
import type { JournalSource } from '../../replay/source.ts';
import { joinArchives } from '../../replay/sources/archives.ts';
import { exportSource } from '../../replay/sources/export.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import { fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { existingFile, journalName, resolveJournal } from '../journal/open.ts';
import type { Running } from '../run.ts';
import { exportFile, isExport } from '../journal/export-file.ts';

/** What an auditor names: journals, and the archives of some of them. */
export interface Named {
  readonly journals: readonly string[];
  readonly archives: readonly string[] | undefined;
}

/**
 * Opens what an auditor names, for reading alone; it is closed with the command. A journal is read with its archives as
 * one, whether these were named as such or stand among the journals.
 * @throws UsageError, JournalError
 */
export async function openSources(
  host: Host,
  { onClose }: Running,
  { journals, archives = [] }: Named,
): Promise<readonly JournalSource[]> {
  const open = async (name: string) => openSource(name, resolveJournal(host.cwd, name), onClose);
  const sources: JournalSource[] = [];
  for (const name of journals) sources.push(await open(name));
  const named: JournalSource[] = [];
  for (const name of archives) named.push(await open(name));
  const used = new Set<JournalSource>();
  const joined = new Map<JournalSource, JournalSource>();
  for (const source of sources) {
    const beside = joinArchives(source, [...sources, ...named], 'byRoot');
    const found = beside.source.head.before.size === 0 ? beside : joinArchives(source, named);
    for (const archive of found.used) used.add(archive);
    joined.set(source, found.source);
  }
  const astray = named.find((archive) => !used.has(archive));
  if (astray !== undefined) throw noArchive(astray);
  return sources.filter((source) => !used.has(source)).map((source) => joined.get(source) ?? source);
}

function noArchive({ name, head }: JournalSource): UsageError {
  return new UsageError(
    `${name} holds events ${head.before.size + 1} to ${head.size}, and no journal that was named goes on from there`,
    'Name the files that `cpns journal compact` wrote for the journal, each once.',
  );
}

/** Says on standard error of which journals the first events, or the last ones, were not read. `verify` has it in its verdict. */
export function tellMissing(host: Host, sources: readonly JournalSource[]): void {
  for (const { name, head } of sources) {
    if (head.before.size > 0)
      host.err(`cpns: ${name}: events 1 to ${head.before.size} were not read: give the archives with --archive FILE\n`);
    if (head.root === null || head.last < head.size)
      host.err(`cpns: ${name}: its end is missing or damaged: cpns replay verify says where\n`);
  }
}

async function openSource(given: string, journal: string, onClose: Running['onClose']): Promise<JournalSource> {
  if (isPostgresUrl(journal)) {
    const reader = await openPostgresReader(journal);
    onClose(journalName(journal), () => reader.close());
    return sqlSource(journalName(journal), reader);
  }
  if (looksLikeExport(existingFile(journal))) {
    const source = await exportSource(exportFile(given, journal));
    onClose(given, () => source.close());
    return source;
  }
  const evidence = await openSqliteEvidence(journal);
  onClose(given, () => evidence.close());
  return sqlSource(given, evidence.reader);
}

function looksLikeExport(path: string): boolean {
  try {
    return isExport(path);
  } catch (error) {
    throw new UsageError(`The journal ${path} cannot be read: ${fileReason(error)}`, 'Check the path.');
  }
}

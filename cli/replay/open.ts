import { isPostgresUrl } from '../../events/journal/postgres/address.ts';
import { openPostgresReader } from '../../events/journal/postgres/open.ts';
import { openSqliteEvidence } from '../../events/journal/sqlite/evidence.ts';
import type { JournalSource } from '../../replay/source.ts';
import { exportSource } from '../../replay/sources/export.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import { fileReason, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { existingJournal, journalName, resolveJournal } from '../journal/open.ts';
import type { Running } from '../run.ts';
import { exportFile, isExport } from './export-file.ts';

/** Opens what an auditor names, for reading alone; it is closed with the command. @throws UsageError, JournalError */
export async function openSources(
  host: Host,
  { onClose }: Running,
  names: readonly string[],
): Promise<readonly JournalSource[]> {
  const sources: JournalSource[] = [];
  for (const name of names) {
    const source = await openSource(name, resolveJournal(host.cwd, name), onClose);
    sources.push(source);
  }
  return sources;
}

async function openSource(given: string, journal: string, onClose: Running['onClose']): Promise<JournalSource> {
  if (isPostgresUrl(journal)) {
    const reader = await openPostgresReader(journal);
    onClose(journalName(journal), () => reader.close());
    return sqlSource(journalName(journal), reader);
  }
  if (looksLikeExport(existingJournal(journal))) {
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

import { basename } from 'node:path';
import { isPostgresUrl } from '../../events/journal/postgres/address.ts';
import type { JournalSource } from '../../replay/source.ts';
import { sqlSource } from '../../replay/sources/sql.ts';
import type { Host } from '../host.ts';
import { existingJournal, journalName, openJournalReader, resolveJournal } from '../journal/open.ts';
import type { Running } from '../run.ts';

/** Opens what an auditor names, for reading alone; it is closed with the command. @throws UsageError, JournalError */
export async function openSources(
  host: Host,
  { onClose }: Running,
  names: readonly string[],
): Promise<readonly JournalSource[]> {
  const sources: JournalSource[] = [];
  for (const name of names) {
    const source = await openSource(resolveJournal(host.cwd, name));
    onClose(source.name, () => source.close());
    sources.push(source);
  }
  return sources;
}

async function openSource(journal: string): Promise<JournalSource> {
  const name = isPostgresUrl(journal) ? journalName(journal) : basename(journal);
  return sqlSource(name, await openJournalReader(existingJournal(journal)));
}

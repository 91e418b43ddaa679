import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { addressOf, holdsPassword, isPostgresUrl } from '../../events/journal/postgres/address.ts';
import type { PostgresJournal } from '../../events/journal/postgres/journal.ts';
import type { Writers } from '../../events/journal/postgres/lock.ts';
import { openPostgresJournal, openPostgresReader } from '../../events/journal/postgres/open.ts';
import type { SqlReader } from '../../events/journal/sql/reader.ts';
import type { SqliteJournal } from '../../events/journal/sqlite/journal.ts';
import { openSqliteJournal, openSqliteReader } from '../../events/journal/sqlite/open.ts';
import { UsageError } from '../errors.ts';

/** Either has its connections for read models, and says how durable it is. */
export type OpenJournal = SqliteJournal | PostgresJournal;

/** A path from a folder on, or an address as it is. */
export function resolveJournal(folder: string, journal: string): string {
  return isPostgresUrl(journal) ? journal : resolve(folder, journal);
}

/** What people are told of it: never a password. */
export function journalName(journal: string): string {
  return isPostgresUrl(journal) ? addressOf(journal).name : journal;
}

export function journalHoldsPassword(journal: string): boolean {
  return isPostgresUrl(journal) && holdsPassword(journal);
}

/**
 * Opens the journal for this process alone; or, where the journal can be shared, beside others that open it so.
 * @throws JournalError
 */
export function openJournal(journal: string, writers: Writers = 'alone'): Promise<OpenJournal> {
  return isPostgresUrl(journal) ? openPostgresJournal(journal, writers) : openSqliteJournal(journal);
}

/** Whether there is such a file; of an address only the server knows. */
export const mayExist = (journal: string): boolean => isPostgresUrl(journal) || existsSync(journal);

/** The same, where there is such a file, or it is an address. @throws UsageError */
export function existingJournal(journal: string): string {
  if (mayExist(journal)) return journal;
  throw new UsageError(`There is no journal ${journal}`, 'Check the path.');
}

/** @throws JournalError */
export function openJournalReader(journal: string): Promise<SqlReader> {
  return isPostgresUrl(journal) ? openPostgresReader(journal) : openSqliteReader(journal);
}

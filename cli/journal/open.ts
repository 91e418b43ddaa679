import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { addressOf, holdsPassword, isPostgresUrl } from '../../journal/postgres/address.ts';
import type { PostgresJournal } from '../../journal/postgres/journal.ts';
import type { Writers } from '../../journal/postgres/lock.ts';
import { openPostgresJournal, openPostgresReader } from '../../journal/postgres/open.ts';
import type { SqlReader } from '../../journal/sql/reader.ts';
import type { SqliteJournal } from '../../journal/sqlite/journal.ts';
import { openSqliteJournal, openSqliteReader } from '../../journal/sqlite/open.ts';
import { errorCode, fileReason, UsageError } from '../errors.ts';

/** Either has its connections for read models, and says how durable it is. */
export type OpenJournal = SqliteJournal | PostgresJournal;

/** A path from a folder on, or an address as it is. */
export function resolveJournal(folder: string, journal: string): string {
  return isPostgresUrl(journal) ? journal : resolve(folder, journal);
}

/** The journal that a flag or its variable names, from a folder on. @throws UsageError where neither does */
export function givenJournal(folder: string, { journal }: { readonly journal?: string }): string {
  if (journal !== undefined) return resolveJournal(folder, journal);
  throw new UsageError('No journal is given', 'Name its file or database with --journal or CPNS_JOURNAL.');
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

/** The same, where there is such a file that can be read, or it is an address. @throws UsageError */
export function existingFile(journal: string): string {
  if (isPostgresUrl(journal)) return journal;
  try {
    closeSync(openSync(journal, 'r'));
    if (!statSync(journal).isDirectory()) return journal;
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      throw new UsageError(
        `There is no journal ${journal}`,
        'Check the path; a role makes its journal when it is started for the first time.',
      );
    throw new UsageError(
      `The journal ${journal} cannot be read: ${fileReason(error)}`,
      'Check the path, and who may read it.',
    );
  }
  throw new UsageError(`The journal ${journal} is a directory`, 'Name the file in it.');
}

/** The same, where something is in it: SQLite would make a journal of an empty file. @throws UsageError */
export function existingJournal(journal: string): string {
  if (isPostgresUrl(existingFile(journal)) || statSync(journal).size > 0) return journal;
  throw new UsageError(
    `The journal ${journal} is empty: no program has set it up`,
    'Check the path. If it is the journal, restore it from a backup; the file was not changed.',
  );
}

/** @throws UsageError where there is none, JournalError */
export function openJournalReader(journal: string): Promise<SqlReader> {
  return isPostgresUrl(existingJournal(journal)) ? openPostgresReader(journal) : openSqliteReader(journal);
}

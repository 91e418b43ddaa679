import type { QueryExecutorProvider } from 'kysely';
import { sql } from 'kysely';
import type { Durability } from '../durability.ts';
import { journalError } from './errors.ts';

const PRAGMAS = ['journal_mode', 'synchronous', 'fullfsync'] as const;
/** `synchronous`: 0 off, 1 normal, 2 full, 3 extra, https://sqlite.org/pragma.html#pragma_synchronous. */
const FULL = 2;

/** Reads back what was set: a build of SQLite may not know it, and a file system may have no write-ahead logs. */
export async function readSettings(db: QueryExecutorProvider): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {};
  for (const name of PRAGMAS) {
    const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db);
    seen[name] = String(rows[0]?.[name]);
  }
  const { rows } = await sql<{ version: string }>`select sqlite_version() as version`.execute(db);
  return { sqlite_version: rows[0]?.version ?? 'unknown', ...seen };
}

/** @throws JournalError `unsafe` where commits would be acknowledged before they are synced */
export function checkSettings(seen: Readonly<Record<string, string>>, file: string): Durability {
  const { synchronous, journal_mode: mode } = seen;
  if (!(Number(synchronous) >= FULL)) {
    throw journalError('unsafe', `Journal ${file}: synchronous is ${synchronous}, a power cut loses commits.`);
  }
  const warning = `journal_mode is ${mode}: readers hold up commits. Put the journal on a local disk.`;
  return { database: 'sqlite', seen, warnings: mode === 'wal' ? [] : [warning] };
}

import type { QueryExecutorProvider } from 'kysely';
import { sql } from 'kysely';
import type { Capabilities } from '../sql/capabilities.ts';
import { migrationsFor, unknownMigration } from '../sql/migrations.ts';
import { journalError } from './errors.ts';

/** `CPNS` in ASCII: tells our files from other SQLite databases. */
export const APPLICATION_ID = 0x43504e53;

export const SQLITE: Capabilities = {
  types: { text: sql`text`, number: sql`integer`, bytes: sql`blob` },
  table: { rows: sql`strict`, keyed: sql`strict, without rowid`, hot: sql`strict` },
  arrival: { column: 'rowid', definition: sql`` },
  writers: 'one',
  unsynced: null,
  mark: sql`pragma application_id = ${sql.lit(APPLICATION_ID)}`,
  tables: sql`select name from sqlite_schema where type = 'table'`,
  sizeBytes: sql`select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()`,
  list: (texts) => sql<string>`(select value from json_each(${JSON.stringify(texts)}))`,
  pairs: (texts) => sql`(select value ->> 0, value ->> 1 from json_each(${JSON.stringify(texts)}))`,
  indexOf: (part, text) => sql`instr(${text}, ${sql.lit(part)})`,
};

export const SQLITE_MIGRATIONS = migrationsFor(SQLITE);

/**
 * Checks, without writing, that the file is empty or one of our journals, and not of a later version.
 * @throws JournalError `corrupt`, `newer`
 */
export async function checkSchema(db: QueryExecutorProvider, file: string): Promise<'empty' | 'journal'> {
  const { rows: tables } = await SQLITE.tables.execute(db);
  if (tables.length === 0) return 'empty';
  const { rows: ids } = await sql<{ application_id: number }>`pragma application_id`.execute(db);
  if (ids[0]?.application_id !== APPLICATION_ID || !tables.some(({ name }) => name === 'kysely_migration')) {
    throw journalError('corrupt', `Journal ${file}: this is a database of another program.`);
  }
  const unknown = await unknownMigration(db, SQLITE_MIGRATIONS);
  if (unknown === null) return 'journal';
  throw journalError('newer', `Journal ${file}: it was written by a later version (migration ${unknown}).`);
}

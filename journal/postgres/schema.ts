import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Capabilities } from '../sql/capabilities.ts';
import { migrationsFor, unknownMigration } from '../sql/migrations.ts';
import type { JournalTables } from '../sql/tables.ts';
import { journalError } from './errors.ts';

/** The comment on the table `head`, which tells a journal from tables of the same name. */
const MARK = 'CPNS journal';

export const POSTGRES: Capabilities = {
  types: { text: sql`text collate "C"`, number: sql`bigint`, bytes: sql`bytea` },
  // The row that every batch moves has room on its page, so that its index is left alone.
  table: { rows: sql``, keyed: sql``, hot: sql`with (fillfactor = 10)` },
  arrival: { column: 'arrival', definition: sql`arrival bigint generated always as identity,` },
  writers: 'several',
  unsynced: sql`set local synchronous_commit = off`,
  mark: sql`comment on table head is ${sql.lit(MARK)}`,
  tables: sql`select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`,
  sizeBytes: sql`select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint as bytes
    from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`,
  list: (texts) => sql<string>`(select unnest(${[...texts]}::text[]))`,
  pairs: (texts) => {
    const [first, second] = [texts.map(([text]) => text), texts.map(([, text]) => text)];
    return sql`(select * from unnest(${first}::text[], ${second}::text[]))`;
  },
  indexOf: (part, text) => sql`strpos(${text}, ${sql.lit(part)})`,
};

export const POSTGRES_MIGRATIONS = migrationsFor(POSTGRES);

/**
 * Checks, without writing, that the schema is empty or a journal, and not of a later version.
 * @throws JournalError `corrupt`, `newer`
 */
export async function checkSchema(db: Kysely<JournalTables>, name: string): Promise<'empty' | 'journal'> {
  const { rows: tables } = await POSTGRES.tables.execute(db);
  // Another process may be at it: the migrator's own tables come first, ours all at once.
  const others = tables.filter((table) => !table.name.startsWith('kysely_migration'));
  if (others.length === 0) return 'empty';
  const { rows: marks } = await sql<{ mark: string }>`
    select obj_description(to_regclass('head'), 'pg_class') as mark`.execute(db);
  if (marks[0]?.mark !== MARK || others.length === tables.length) {
    throw journalError('corrupt', `Journal ${name}: this database has tables of another program.`);
  }
  const unknown = await unknownMigration(db, POSTGRES_MIGRATIONS);
  if (unknown === null) return 'journal';
  throw journalError('newer', `Journal ${name}: it was written by a later version (migration ${unknown}).`);
}

/** The schema of the database that the journal is in: the first of the search path that is there. */
export async function currentSchema(db: Kysely<JournalTables>, name: string): Promise<string> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  const schema = rows[0]?.schema ?? null;
  if (schema === null) throw journalError('missing', `Journal ${name}: the search path of its user names no schema.`);
  return schema;
}

/** Batches move the head and append in one transaction; where the two differ, pages were lost. One statement: others write. */
export async function checkHead(db: Kysely<JournalTables>, name: string): Promise<void> {
  const { rows } = await sql<{ head: number; last: number }>`
    select position as head, (select coalesce(max(position), 0) from events) as last from head`.execute(db);
  const [found] = rows;
  if (found !== undefined && found.head === found.last) return;
  const message = `Journal ${name}: its head says ${found?.head}, its last event is ${found?.last}.`;
  throw journalError('corrupt', message);
}

import type { Kysely, QueryExecutorProvider } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { Migrator } from 'kysely/migration';
import { journalError, toJournalError } from './errors.ts';
import type { JournalTables } from './tables.ts';

/** `CPNS` in ASCII: tells our files from other SQLite databases. */
export const APPLICATION_ID = 0x43504e53;

/** In the order of their names. A migration that was released never changes; a new one is added. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-journal': {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of JOURNAL) await sql.raw(statement).execute(db);
    },
  },
};

const JOURNAL: readonly string[] = [
  `pragma application_id = ${APPLICATION_ID}`,
  `create table events (
     position integer primary key, stream text not null, version integer not null, type text not null,
     schema_version integer not null, data text not null, message_id text not null, correlation_id text not null,
     causation_id text, role text not null, chart_id text not null, chart_hash text not null, cr_step text,
     recorded_at text not null, unique (stream, version)) strict`,
  'create index events_of_correlation on events (correlation_id)',
  `create table head (id integer primary key check (id = 1), position integer not null, outbox_seq integer not null)
     strict`,
  'insert into head (id, position, outbox_seq) values (1, 0, 0)',
  `create table inbox (message_key text primary key, first_position integer not null, event_count integer not null)
     strict, without rowid`,
  `create table outbox (
     seq integer primary key, id text not null unique, stream text not null, subject text not null,
     payload text not null, correlation_id text not null) strict`,
  `create table answers (
     message_key text not null, message_id text not null, subject text not null, payload text not null,
     correlation_id text not null, unique (message_key, message_id)) strict`,
  `create table timers (
     stream text not null, name text not null, due_at integer not null, event text not null,
     correlation_id text not null, primary key (stream, name)) strict, without rowid`,
  'create index timers_by_due_time on timers (due_at, stream, name)',
  'create table keys (id text primary key, wrapped blob not null) strict, without rowid',
];

const NAMES: ReadonlySet<string> = new Set(Object.keys(MIGRATIONS));

/**
 * Checks, without writing, that the file is empty or one of our journals, and not of a later version.
 * @throws JournalError `corrupt`, `newer`
 */
export async function checkSchema(db: QueryExecutorProvider, file: string): Promise<'empty' | 'journal'> {
  const { rows: tables } = await sql<{ name: string }>`select name from sqlite_schema where type = 'table'`.execute(db);
  if (tables.length === 0) return 'empty';
  const { rows: ids } = await sql<{ application_id: number }>`pragma application_id`.execute(db);
  if (ids[0]?.application_id !== APPLICATION_ID || !tables.some(({ name }) => name === 'kysely_migration')) {
    throw journalError('corrupt', `Journal ${file}: this is a database of another program.`);
  }
  const { rows: done } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const unknown = done.find(({ name }) => !NAMES.has(name));
  if (unknown === undefined) return 'journal';
  throw journalError('newer', `Journal ${file}: it was written by a later version (migration ${unknown.name}).`);
}

/** Brings the schema up to date, all missing migrations in one transaction. */
export async function migrate(db: Kysely<JournalTables>, file: string, migrations = MIGRATIONS): Promise<void> {
  const provider = { getMigrations: async () => ({ ...migrations }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw toJournalError(error, file);
}

import type { Kysely, QueryExecutorProvider } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { Migrator } from 'kysely/migration';
import type { Capabilities } from './capabilities.ts';
import type { JournalTables } from './tables.ts';
import { growTree } from './tree.ts';
import { turnKeys } from './turned-keys.ts';

export type Migrations = Readonly<Record<string, Migration>>;

/** In the order of their names. A migration that was released never changes; a new one is added. */
export function migrationsFor(capabilities: Capabilities): Migrations {
  return {
    '0001-journal': {
      async up(db: Kysely<unknown>): Promise<void> {
        for (const statement of journalTables(capabilities)) await statement.execute(db);
      },
    },
    '0002-merkle-tree': {
      async up(db: Kysely<JournalTables>): Promise<void> {
        for (const statement of merkleTables(capabilities)) await statement.execute(db);
        await growTree(db);
      },
    },
    '0003-leases': {
      async up(db: Kysely<JournalTables>): Promise<void> {
        for (const statement of leaseTables(capabilities)) await statement.execute(db);
      },
    },
    '0004-snapshots': {
      async up(db: Kysely<unknown>): Promise<void> {
        await snapshotsTable(capabilities).execute(db);
      },
    },
    '0007-charts': {
      async up(db: Kysely<unknown>): Promise<void> {
        for (const statement of chartsTable(capabilities)) await statement.execute(db);
      },
    },
    '0007-compaction': {
      async up(db: Kysely<unknown>): Promise<void> {
        for (const statement of archiveTables(capabilities)) await statement.execute(db);
      },
    },
    '0008-message-keys': {
      async up(db: Kysely<JournalTables>): Promise<void> {
        await turnKeys(db, capabilities);
      },
    },
  };
}

function journalTables({ types, table, arrival, writers, mark }: Capabilities) {
  const { text, number, bytes } = types;
  const journal = [
    sql`create table events (
      position ${number} primary key, stream ${text} not null, version integer not null, type ${text} not null,
      schema_version integer not null, data ${text} not null, message_id ${text} not null,
      correlation_id ${text} not null, causation_id ${text}, role ${text} not null, chart_id ${text} not null,
      chart_hash ${text} not null, cr_step ${text}, recorded_at ${text} not null, unique (stream, version)) ${table.rows}`,
    sql`create index events_of_correlation on events (correlation_id)`,
    sql`create table head (
      id integer primary key check (id = 1), position ${number} not null, outbox_seq ${number} not null) ${table.hot}`,
    sql`insert into head (id, position, outbox_seq) values (1, 0, 0)`,
    sql`create table inbox (
      message_key ${text} primary key, first_position ${number} not null, event_count integer not null) ${table.keyed}`,
    sql`create table outbox (
      seq ${number} primary key, id ${text} not null unique, stream ${text} not null, subject ${text} not null,
      payload ${text} not null, correlation_id ${text} not null) ${table.rows}`,
    sql`create table answers (
      message_key ${text} not null, message_id ${text} not null, subject ${text} not null, payload ${text} not null,
      correlation_id ${text} not null, ${arrival.definition} unique (message_key, message_id)) ${table.rows}`,
    sql`create table timers (
      stream ${text} not null, name ${text} not null, due_at ${number} not null, event ${text} not null,
      correlation_id ${text} not null, primary key (stream, name)) ${table.keyed}`,
    sql`create index timers_by_due_time on timers (due_at, stream, name)`,
    sql`create table keys (id ${text} primary key, wrapped ${bytes} not null) ${table.keyed}`,
    mark,
  ];
  if (writers === 'one') return journal;
  return [
    ...journal,
    sql`create table writers (
      id ${text} primary key, batch ${number} not null, written_at timestamptz not null) ${table.hot}`,
  ];
}

function merkleTables({ types, table }: Capabilities) {
  const { number, bytes } = types;
  return [
    sql`alter table events add column leaf ${bytes}`,
    sql`alter table head add column roots ${bytes}`,
    sql`create table merkle_nodes (
      level integer not null, idx ${number} not null, hash ${bytes} not null, primary key (level, idx)) ${table.keyed}`,
  ];
}

function snapshotsTable({ types, table }: Capabilities) {
  const { text, number } = types;
  return sql`create table snapshots (
    stream ${text} not null, version ${number} not null, position ${number} not null, chart_id ${text} not null,
    chart_hash ${text} not null, program ${text} not null, state_hash ${text} not null, state ${text} not null,
    primary key (stream, version)) ${table.rows}`;
}

/** A journal that one process writes has nothing to share out. */
function leaseTables({ types: { text }, table, writers }: Capabilities) {
  if (writers === 'one') return [];
  return [sql`create table leases (id ${text} primary key, until timestamptz not null) ${table.hot}`];
}

function chartsTable({ types, table }: Capabilities) {
  const { text, number } = types;
  return [
    sql`create table charts (
      id ${text} not null, hash ${text} not null, first_position ${number} not null, primary key (id, hash)) ${table.keyed}`,
    sql`insert into charts select chart_id, chart_hash, min(position) from events group by chart_id, chart_hash`,
  ];
}

function archiveTables({ types, table }: Capabilities) {
  const { text, number, bytes } = types;
  return [
    sql`create table archive (
      id integer primary key check (id = 1), up_to ${number} not null, roots ${bytes} not null) ${table.rows}`,
    sql`create table archived_leaves (idx ${number} primary key, hashes ${bytes} not null) ${table.rows}`,
    sql`create table bases (
      stream ${text} primary key, version ${number} not null, position ${number} not null, chart_id ${text} not null,
      chart_hash ${text} not null, program ${text} not null, state_hash ${text} not null, state ${text} not null) ${table.rows}`,
  ];
}

/** The first migration in the journal that this program does not know, or null. */
export async function unknownMigration(db: QueryExecutorProvider, known: Migrations): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.find(({ name }) => !Object.hasOwn(known, name))?.name ?? null;
}

/**
 * Brings the schema up to date, all missing migrations in one transaction.
 * @param schema the one that the tables are in, where the database has several
 * @throws what the database throws; then the schema is as it was
 */
export async function migrate(db: Kysely<JournalTables>, migrations: Migrations, schema?: string): Promise<void> {
  const provider = { getMigrations: async () => ({ ...migrations }) };
  const { error } = await new Migrator({
    db,
    provider,
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  }).migrateToLatest();
  if (error !== undefined) throw error;
}

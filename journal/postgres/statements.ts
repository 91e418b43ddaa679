import type { CompiledQuery, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Values } from '../sql/bulk.ts';
import type { JournalTables } from '../sql/tables.ts';
import type { InsertTable } from '../sql/values.ts';
import { COLUMNS, EVENT_COLUMNS } from '../sql/values.ts';

/** Whoever listens is told that somebody has committed, and reads again. */
export const CHANNEL = 'cpns_journal';

/** Types of the columns of `COLUMNS`, as arrays of them are sent. */
const TYPES: Readonly<Record<InsertTable, string>> = {
  events: 'bigint text integer text integer text text text text text text text text text bytea',
  merkle_nodes: 'integer bigint bytea',
  charts: 'text text bigint',
  inbox: 'text bigint integer',
  outbox: 'bigint text text text text text',
  answers: 'text text text text text',
  timers: 'text text bigint text text',
  keys: 'text bytea',
};

/** What becomes of a row whose key is there. */
const ON_CONFLICT: Readonly<Record<InsertTable, string>> = {
  events: '',
  merkle_nodes: '',
  charts: 'on conflict (id, hash) do nothing',
  inbox: '',
  outbox: 'on conflict (id) do nothing',
  answers: 'on conflict (message_key, message_id) do nothing',
  timers: `on conflict (stream, name) do update
    set due_at = excluded.due_at, event = excluded.event, correlation_id = excluded.correlation_id`,
  keys: 'on conflict (id) do update set wrapped = excluded.wrapped',
};

/** Inserts any number of rows in one statement: each parameter is a column, as an array. */
function compileInsert(db: Kysely<JournalTables>, table: InsertTable): CompiledQuery {
  const columns = sql.join(COLUMNS[table].map((column) => sql.ref(column)));
  const arrays = sql.join(TYPES[table].split(' ').map((type) => sql`${null}::${sql.raw(type)}[]`));
  const onConflict = sql.raw(ON_CONFLICT[table]);
  return sql`insert into ${sql.table(table)} (${columns}) select * from unnest(${arrays}) ${onConflict}`.compile(db);
}

/** Rows as columns, in the order of `COLUMNS`. */
export function columnsOf(table: InsertTable, rows: readonly Values[]): readonly (readonly Values[number][])[] {
  return COLUMNS[table].map((_, i) => rows.map((row) => row[i] ?? null));
}

/** The statements of a batch; their parameters are replaced, in the order in which they stand here. */
export function compileStatements(db: Kysely<JournalTables>) {
  const { events, inbox } = { events: db.selectFrom('events'), inbox: db.selectFrom('inbox') };
  const texts = sql<string>`${null}::text[]`;
  return {
    /** Nobody else moves the head from here to the end of the transaction. */
    lockHead: db
      .selectFrom('head')
      .select(['position', 'outbox_seq', 'roots'])
      .where('id', '=', 1)
      .forUpdate()
      .compile(),
    lastBatch: db.selectFrom('writers').select('batch').where('id', '=', '').compile(),
    moveHead: sql<{ notified: string }>`
      with moved as (
        update head set position = ${0}, outbox_seq = ${0}, roots = ${new Uint8Array()} where id = 1 and position = ${0} and outbox_seq = ${0}
        returning id),
      noted as (
        insert into writers (id, batch, written_at) select ${''}::text, ${0}::bigint, now() from moved
        on conflict (id) do update set batch = excluded.batch, written_at = excluded.written_at)
      select pg_notify(${sql.lit(CHANNEL)}, ${''}::text)::text as notified from moved`.compile(db),
    // One step down the index for each stream; `group by stream` would walk the whole stream.
    versions: sql<{ stream: string; version: number }>`
      select given.stream, coalesce(
        (select max(version) from events where events.stream = given.stream),
        (select version from bases where bases.stream = given.stream), 0) as version
      from unnest(${texts}) as given (stream)`.compile(db),
    consumed: inbox
      .selectAll()
      .where('message_key', '=', sql<string>`any(${texts})`)
      .compile(),
    keys: db
      .selectFrom('keys')
      .selectAll()
      .where('id', '=', sql<string>`any(${texts})`)
      .compile(),
    events: events
      .select(EVENT_COLUMNS)
      .where('position', '>=', 0)
      .where('position', '<', 0)
      .orderBy('position')
      .compile(),
    dropOutbox: db
      .deleteFrom('outbox')
      .where('id', '=', sql<string>`any(${texts})`)
      .compile(),
    dropTimers: sql`delete from timers where (stream, name) in (select * from unnest(${texts}, ${texts}))`.compile(db),
    dropKeys: db
      .deleteFrom('keys')
      .where('id', '=', sql<string>`any(${texts})`)
      .compile(),
    insert: {
      events: compileInsert(db, 'events'),
      merkle_nodes: compileInsert(db, 'merkle_nodes'),
      charts: compileInsert(db, 'charts'),
      inbox: compileInsert(db, 'inbox'),
      outbox: compileInsert(db, 'outbox'),
      answers: compileInsert(db, 'answers'),
      timers: compileInsert(db, 'timers'),
      keys: compileInsert(db, 'keys'),
    } satisfies Readonly<Record<InsertTable, CompiledQuery>>,
  };
}

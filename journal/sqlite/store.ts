import type { CompiledQuery, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { BatchWrite, Consumed, Head } from '../batch.ts';
import type { BatchStore, BatchTransaction } from '../committer.ts';
import { journalError } from './errors.ts';
import type { Forgetter } from './forget.ts';
import { frontierToBytes } from '../merkle/frontier.ts';
import { KnownCharts } from '../sql/known-charts.ts';
import { toConsumed, toEvent, toHead } from '../sql/rows.ts';
import type { JournalTables } from '../sql/tables.ts';
import { EVENT_COLUMNS, valuesOf, type InsertTable } from '../sql/values.ts';
import type { NodeSqliteConnection } from './dialect.ts';

/**
 * Writes batches: a fixed set of compiled statements, whose parameters alone change, one run for each row. Kysely begins and ends the
 * transaction, so that batches and read models take turns; the statements between go to the connection, for its executor
 * takes 10 us for each, and a commit that is alone has ten.
 */
export class SqliteStore implements BatchStore {
  readonly #db: Kysely<JournalTables>;
  readonly #connection: NodeSqliteConnection;
  readonly #file: string;
  readonly #statements: ReturnType<typeof compileStatements>;
  readonly #forgetter: Forgetter;
  readonly #charts = new KnownCharts();
  readonly #transaction: BatchTransaction;

  /** @param options.connection that of `db` */
  constructor(options: {
    readonly db: Kysely<JournalTables>;
    readonly connection: NodeSqliteConnection;
    readonly file: string;
    readonly forgetter: Forgetter;
  }) {
    this.#db = options.db;
    this.#connection = options.connection;
    this.#file = options.file;
    this.#forgetter = options.forgetter;
    this.#statements = compileStatements(options.db);
    this.#transaction = {
      basis: async ({ streams, messageKeys, keys }) => ({
        head: this.#head(),
        versions: this.#versions(streams),
        consumed: this.#consumed(messageKeys),
        keys: this.#keys(keys),
      }),
      versions: async (streams) => this.#versions(streams),
      events: async (firstPosition, count) =>
        this.#rows(this.#statements.events, [firstPosition, firstPosition + count]).map(toEvent),
      write: async (batch) => this.#write(batch),
    };
  }

  async transaction<T>(work: (tx: BatchTransaction) => Promise<T>): Promise<T> {
    this.#charts.begin();
    const result = await this.#db.transaction().execute(() => work(this.#transaction));
    this.#charts.kept();
    return result;
  }

  #head(): Head {
    const [head] = this.#rows(this.#statements.head, []);
    if (head === undefined) throw journalError('corrupt', `Journal ${this.#file}: its head row is gone.`);
    return toHead(head);
  }

  #versions(streams: readonly string[]): ReadonlyMap<string, number> {
    if (streams.length === 0) return new Map();
    const rows = this.#rows(this.#statements.versions, [JSON.stringify(streams)]);
    return new Map(rows.map(({ stream, version }) => [stream, version]));
  }

  #consumed(keys: readonly string[]): ReadonlyMap<string, Consumed> {
    if (keys.length === 0) return new Map();
    const rows = this.#rows(this.#statements.consumed, [JSON.stringify(keys)]);
    return new Map(rows.map((row) => [row.message_key, toConsumed(row)]));
  }

  #keys(ids: readonly string[]): ReadonlyMap<string, Uint8Array> {
    if (ids.length === 0) return new Map();
    const rows = this.#rows(this.#statements.keys, [JSON.stringify(ids)]);
    return new Map(rows.map(({ id, wrapped }) => [id, wrapped]));
  }

  #write(batch: BatchWrite): void {
    const s = this.#statements;
    const { outbox, timers, keys } = batch;
    if (this.#change(s.moveHead, headValues(batch.to, batch.from)) !== 1) {
      throw journalError('failed', `Journal ${this.#file}: another process has moved its head.`);
    }
    const drop = (query: CompiledQuery, ids: readonly unknown[]): void => {
      if (ids.length > 0) this.#change(query, [JSON.stringify(ids)]);
    };
    drop(s.dropOutbox, outbox.settle);
    drop(
      s.dropTimers,
      timers.disarm.map(({ stream, name }) => [stream, name]),
    );
    drop(s.dropKeys, keys.drop);
    const values = valuesOf(batch);
    const rows = { ...values, charts: this.#charts.unknown(values.charts) };
    for (const table of TABLES) this.#connection.changeEach(s.put[table].sql, rows[table]);
    if (keys.drop.length + keys.put.length > 0) this.#forgetter.soon();
  }

  #rows<Row>(query: CompiledQuery<Row>, parameters: readonly unknown[]): readonly Row[] {
    return this.#connection.rows({ ...query, parameters });
  }

  #change(query: CompiledQuery, parameters: readonly unknown[]): number {
    return this.#connection.change(query.sql, parameters);
  }
}

/** Inserts go after deletions, and events first. */
const TABLES: readonly InsertTable[] = [
  'events',
  'merkle_nodes',
  'charts',
  'inbox',
  'outbox',
  'answers',
  'timers',
  'keys',
];

function headValues(to: Head, from: Head): readonly unknown[] {
  return [to.position, to.outboxSeq, frontierToBytes(to.roots), from.position, from.outboxSeq];
}

/** Rows that stand for the columns of a statement; the values are replaced. */
const EVENT: JournalTables['events'] = {
  position: 0,
  stream: '',
  version: 0,
  type: '',
  schema_version: 0,
  data: '',
  message_id: '',
  correlation_id: '',
  causation_id: '',
  role: '',
  chart_id: '',
  chart_hash: '',
  cr_step: '',
  recorded_at: '',
  leaf: new Uint8Array(),
};
const NODE: JournalTables['merkle_nodes'] = { level: 0, idx: 0, hash: new Uint8Array() };
const CHART: JournalTables['charts'] = { id: '', hash: '', first_position: 0 };
const INBOX: JournalTables['inbox'] = { message_key: '', first_position: 0, event_count: 0 };
const OUTBOX: JournalTables['outbox'] = { seq: 0, id: '', stream: '', subject: '', payload: '', correlation_id: '' };
const ANSWER: JournalTables['answers'] = {
  message_key: '',
  message_id: '',
  subject: '',
  payload: '',
  correlation_id: '',
};
const TIMER: JournalTables['timers'] = { stream: '', name: '', due_at: 0, event: '', correlation_id: '' };
const KEY: JournalTables['keys'] = { id: '', wrapped: new Uint8Array() };

function compileStatements(db: Kysely<JournalTables>) {
  const given = sql<string>`(select value from json_each(${''}))`;
  return {
    head: db.selectFrom('head').select(['position', 'outbox_seq', 'roots']).compile(),
    moveHead: db
      .updateTable('head')
      .set({ position: 0, outbox_seq: 0, roots: new Uint8Array() })
      .where('position', '=', 0)
      .where('outbox_seq', '=', 0)
      .compile(),
    // One step down the index for each stream; `group by stream` would walk the whole stream.
    versions: sql<{ stream: string; version: number }>`
      select value as stream, coalesce(
        (select max(version) from events where stream = value), (select version from bases where stream = value), 0) as version
      from json_each(${''})`.compile(db),
    consumed: db.selectFrom('inbox').selectAll().where('message_key', 'in', given).compile(),
    keys: db.selectFrom('keys').selectAll().where('id', 'in', given).compile(),
    events: db
      .selectFrom('events')
      .select(EVENT_COLUMNS)
      .where('position', '>=', 0)
      .where('position', '<', 0)
      .orderBy('position')
      .compile(),
    dropOutbox: db.deleteFrom('outbox').where('id', 'in', given).compile(),
    dropTimers: sql`delete from timers where (stream, name) in
      (select value ->> 0, value ->> 1 from json_each(${''}))`.compile(db),
    dropKeys: db.deleteFrom('keys').where('id', 'in', given).compile(),
    put: {
      events: db.insertInto('events').values(EVENT).compile(),
      merkle_nodes: db.insertInto('merkle_nodes').values(NODE).compile(),
      charts: db
        .insertInto('charts')
        .values(CHART)
        .onConflict((on) => on.columns(['id', 'hash']).doNothing())
        .compile(),
      inbox: db.insertInto('inbox').values(INBOX).compile(),
      outbox: db
        .insertInto('outbox')
        .values(OUTBOX)
        .onConflict((on) => on.column('id').doNothing())
        .compile(),
      answers: db
        .insertInto('answers')
        .values(ANSWER)
        .onConflict((on) => on.columns(['message_key', 'message_id']).doNothing())
        .compile(),
      timers: db
        .insertInto('timers')
        .values(TIMER)
        .onConflict((on) =>
          on.columns(['stream', 'name']).doUpdateSet((row) => ({
            due_at: row.ref('excluded.due_at'),
            event: row.ref('excluded.event'),
            correlation_id: row.ref('excluded.correlation_id'),
          })),
        )
        .compile(),
      keys: db
        .insertInto('keys')
        .values(KEY)
        .onConflict((on) => on.column('id').doUpdateSet((row) => ({ wrapped: row.ref('excluded.wrapped') })))
        .compile(),
    } satisfies Readonly<Record<InsertTable, CompiledQuery>>,
  };
}

import type { CompiledQuery, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { BatchWrite, Consumed, Head } from '../batch.ts';
import type { BatchStore, BatchTransaction } from '../committer.ts';
import { BulkInsert } from '../sql/bulk.ts';
import { journalError } from './errors.ts';
import type { Forgetter } from './forget.ts';
import { frontierToBytes } from '../merkle/frontier.ts';
import { KnownCharts } from '../sql/known-charts.ts';
import { toConsumed, toEvent, toHead } from '../sql/rows.ts';
import type { JournalTables } from '../sql/tables.ts';
import { EVENT_COLUMNS, valuesOf } from '../sql/values.ts';

/** Writes batches: a fixed set of compiled statements, whose parameters alone change. */
export class SqliteStore implements BatchStore {
  readonly #db: Kysely<JournalTables>;
  readonly #file: string;
  readonly #statements: ReturnType<typeof compileStatements>;
  readonly #forgetter: Forgetter;
  readonly #charts = new KnownCharts();
  constructor(db: Kysely<JournalTables>, file: string, forgetter: Forgetter) {
    this.#db = db;
    this.#file = file;
    this.#forgetter = forgetter;
    this.#statements = compileStatements(db);
  }

  async transaction<T>(work: (tx: BatchTransaction) => Promise<T>): Promise<T> {
    this.#charts.begin();
    const result = await this.#db.transaction().execute((trx) => work(this.#transaction(trx)));
    this.#charts.kept();
    return result;
  }

  #transaction(trx: Kysely<JournalTables>): BatchTransaction {
    const s = this.#statements;
    return {
      basis: async ({ streams, messageKeys, keys }) => ({
        head: await this.#head(trx),
        versions: await this.#versions(trx, streams),
        consumed: await this.#consumed(trx, messageKeys),
        keys: await this.#keys(trx, keys),
      }),
      versions: (streams) => this.#versions(trx, streams),
      events: async (firstPosition, count) => {
        const { rows } = await trx.executeQuery(withParameters(s.events, [firstPosition, count]));
        return rows.map(toEvent);
      },
      write: (batch) => this.#write(trx, batch),
    };
  }

  async #head(trx: Kysely<JournalTables>): Promise<Head> {
    const [head] = (await trx.executeQuery(this.#statements.head)).rows;
    if (head === undefined) throw journalError('corrupt', `Journal ${this.#file}: its head row is gone.`);
    return toHead(head);
  }

  async #versions(trx: Kysely<JournalTables>, streams: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (streams.length === 0) return new Map();
    const { rows } = await trx.executeQuery(withParameters(this.#statements.versions, [JSON.stringify(streams)]));
    return new Map(rows.map(({ stream, version }) => [stream, version]));
  }

  async #consumed(trx: Kysely<JournalTables>, keys: readonly string[]): Promise<ReadonlyMap<string, Consumed>> {
    if (keys.length === 0) return new Map();
    const { rows } = await trx.executeQuery(withParameters(this.#statements.consumed, [JSON.stringify(keys)]));
    return new Map(rows.map((row) => [row.message_key, toConsumed(row)]));
  }

  async #keys(trx: Kysely<JournalTables>, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    if (ids.length === 0) return new Map();
    const { rows } = await trx.executeQuery(withParameters(this.#statements.keys, [JSON.stringify(ids)]));
    return new Map(rows.map(({ id, wrapped }) => [id, wrapped]));
  }

  async #write(trx: Kysely<JournalTables>, batch: BatchWrite): Promise<void> {
    const s = this.#statements;
    const { outbox, timers, keys } = batch;
    const moved = await trx.executeQuery(withParameters(s.moveHead, headValues(batch.to, batch.from)));
    if (moved.numAffectedRows !== 1n) {
      throw journalError('failed', `Journal ${this.#file}: another process has moved its head.`);
    }
    const drop = async (query: CompiledQuery, ids: readonly unknown[]): Promise<void> => {
      if (ids.length > 0) await trx.executeQuery(withParameters(query, [JSON.stringify(ids)]));
    };
    await drop(s.dropOutbox, outbox.settle);
    await drop(
      s.dropTimers,
      timers.disarm.map(({ stream, name }) => [stream, name]),
    );
    await drop(s.dropKeys, keys.drop);
    const rows = valuesOf(batch);
    await s.putEvents.run(trx, rows.events);
    await s.putNodes.run(trx, rows.merkle_nodes);
    await s.putCharts.run(trx, this.#charts.unknown(rows.charts));
    await s.putInbox.run(trx, rows.inbox);
    await s.putOutbox.run(trx, rows.outbox);
    await s.putAnswers.run(trx, rows.answers);
    await s.putTimers.run(trx, rows.timers);
    await s.putKeys.run(trx, rows.keys);
    if (keys.drop.length + keys.put.length > 0) this.#forgetter.soon();
  }
}

function headValues(to: Head, from: Head): readonly unknown[] {
  return [to.position, to.outboxSeq, frontierToBytes(to.roots), from.position, from.outboxSeq];
}

function withParameters<O>(query: CompiledQuery<O>, parameters: readonly unknown[]): CompiledQuery<O> {
  return { ...query, parameters };
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

function times<Row>(row: Row, size: number): Row[] {
  return Array.from({ length: size }, () => row);
}

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
      select value as stream, (select coalesce(max(version), 0) from events where stream = value) as version
      from json_each(${''})`.compile(db),
    consumed: db.selectFrom('inbox').selectAll().where('message_key', 'in', given).compile(),
    keys: db.selectFrom('keys').selectAll().where('id', 'in', given).compile(),
    events: db
      .selectFrom('events')
      .select(EVENT_COLUMNS)
      .where('position', '>=', 0)
      .orderBy('position')
      .limit(0)
      .compile(),
    dropOutbox: db.deleteFrom('outbox').where('id', 'in', given).compile(),
    dropTimers: sql`delete from timers where (stream, name) in
      (select value ->> 0, value ->> 1 from json_each(${''}))`.compile(db),
    dropKeys: db.deleteFrom('keys').where('id', 'in', given).compile(),
    putEvents: new BulkInsert((n) => db.insertInto('events').values(times(EVENT, n)).compile()),
    putNodes: new BulkInsert((n) => db.insertInto('merkle_nodes').values(times(NODE, n)).compile()),
    putCharts: new BulkInsert((n) =>
      db
        .insertInto('charts')
        .values(times(CHART, n))
        .onConflict((on) => on.columns(['id', 'hash']).doNothing())
        .compile(),
    ),
    putInbox: new BulkInsert((n) => db.insertInto('inbox').values(times(INBOX, n)).compile()),
    putOutbox: new BulkInsert((n) =>
      db
        .insertInto('outbox')
        .values(times(OUTBOX, n))
        .onConflict((on) => on.column('id').doNothing())
        .compile(),
    ),
    putAnswers: new BulkInsert((n) =>
      db
        .insertInto('answers')
        .values(times(ANSWER, n))
        .onConflict((on) => on.columns(['message_key', 'message_id']).doNothing())
        .compile(),
    ),
    putTimers: new BulkInsert((n) =>
      db
        .insertInto('timers')
        .values(times(TIMER, n))
        .onConflict((on) =>
          on.columns(['stream', 'name']).doUpdateSet((row) => ({
            due_at: row.ref('excluded.due_at'),
            event: row.ref('excluded.event'),
            correlation_id: row.ref('excluded.correlation_id'),
          })),
        )
        .compile(),
    ),
    putKeys: new BulkInsert((n) =>
      db
        .insertInto('keys')
        .values(times(KEY, n))
        .onConflict((on) => on.column('id').doUpdateSet((row) => ({ wrapped: row.ref('excluded.wrapped') })))
        .compile(),
    ),
  };
}

import type { Kysely } from 'kysely';
import type { Frontier } from '../merkle/frontier.ts';
import type {
  Archived,
  ArchiveReader,
  AsOf,
  Base,
  BaseChart,
  ChartReader,
  JournalReader,
  KeyRange,
  KeyReader,
  OutboxRow,
  ReadRange,
  RecordedChart,
  RecordedEvent,
  Snapshot,
  SnapshotRange,
  SnapshotReader,
  StoredEvent,
  TimerRow,
  TreeReader,
  WrappedKey,
} from '../port.ts';
import { bounded } from '../range.ts';
import type { Capabilities } from './capabilities.ts';
import { archivedError } from '../archived.ts';
import { archivedLeaves } from './archived-leaves.ts';
import { toArchived, toEvent, toHead, toRecordedChart, toSnapshot, toStored, toOutboxRow, toTimer } from './rows.ts';
import type { JournalTables } from './tables.ts';
import { EVENT_COLUMNS } from './values.ts';

/** Reads of connections that never write. */
export class SqlReader implements JournalReader, KeyReader, TreeReader, SnapshotReader, ChartReader, ArchiveReader {
  readonly capabilities: Capabilities;
  /** The connections, for read models in the same database. */
  readonly db: Kysely<JournalTables>;
  readonly #close: () => void | Promise<void>;
  #tables: Promise<ReadonlySet<string>> | null = null;
  /** @param close closes the connections; safe to call twice */
  constructor(db: Kysely<JournalTables>, capabilities: Capabilities, close: () => void | Promise<void>) {
    this.db = db;
    this.capabilities = capabilities;
    this.#close = close;
  }

  async head(): Promise<number> {
    const row = await this.db.selectFrom('head').select('position').executeTakeFirstOrThrow();
    return row.position;
  }

  async readStream(stream: string, range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const query = this.db
      .selectFrom('events')
      .select(EVENT_COLUMNS)
      .where('stream', '=', stream)
      .where('version', '>', after);
    return this.wholeStream(stream, after, (await query.orderBy('version').limit(limit).execute()).map(toEvent));
  }

  async readAll(range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const query = this.db.selectFrom('events').select(EVENT_COLUMNS).where('position', '>', after);
    const rows = await query.orderBy('position').limit(limit).execute();
    // Asked after the rows were read: what is archived meanwhile is not missed.
    const archived = await this.archived();
    if (archived !== null && after < archived.upTo) throw archivedError('Events of the journal', archived.upTo);
    return rows.map(toEvent);
  }

  async readCorrelation(correlationId: string, range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const query = this.db.selectFrom('events').select(EVENT_COLUMNS).where('correlation_id', '=', correlationId);
    return (await query.where('position', '>', after).orderBy('position').limit(limit).execute()).map(toEvent);
  }

  async tree(): Promise<Frontier> {
    const row = await this.db.selectFrom('head').select(['position', 'outbox_seq', 'roots']).executeTakeFirstOrThrow();
    const { position, roots } = toHead(row);
    return { size: position, roots };
  }

  async stored(range?: ReadRange): Promise<readonly StoredEvent[]> {
    const { after, limit } = bounded(range);
    const query = this.db.selectFrom('events').selectAll().where('position', '>', after).orderBy('position');
    return (await query.limit(limit).execute()).map(toStored);
  }

  async leaves(from: number, to: number): Promise<readonly Uint8Array[]> {
    const query = this.db.selectFrom('events').select('leaf').where('position', '>', from).where('position', '<=', to);
    const upTo = (await this.archived())?.upTo ?? 0;
    const here = await query.where('position', '>', upTo).orderBy('position').execute();
    const before = from < upTo ? await archivedLeaves(this.db, from, Math.min(to, upTo)) : [];
    return [...before, ...here.map(({ leaf }) => leaf)];
  }

  async nodes(level: number, from: number, to: number): Promise<readonly Uint8Array[]> {
    const query = this.db.selectFrom('merkle_nodes').select('hash').where('level', '=', level);
    return (await query.where('idx', '>=', from).where('idx', '<', to).orderBy('idx').execute()).map(
      ({ hash }) => hash,
    );
  }

  async pendingOutbox(range?: ReadRange): Promise<readonly (OutboxRow & { readonly seq: number })[]> {
    const { after, limit } = bounded(range);
    const query = this.db.selectFrom('outbox').selectAll().where('seq', '>', after).orderBy('seq').limit(limit);
    return (await query.execute()).map((row) => ({ ...toOutboxRow(row), seq: row.seq }));
  }

  async pendingTimers(range?: { readonly limit?: number }): Promise<readonly TimerRow[]> {
    const query = this.db.selectFrom('timers').selectAll().orderBy('due_at').orderBy('stream').orderBy('name');
    return (await query.limit(bounded(range).limit).execute()).map(toTimer);
  }

  async wrappedKeys({ after, limit }: KeyRange): Promise<readonly WrappedKey[]> {
    return this.db.selectFrom('keys').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute();
  }

  async snapshot(stream: string, { version, position }: AsOf = {}): Promise<Snapshot | null> {
    if (!(await this.#has('snapshots'))) return null;
    let query = this.db.selectFrom('snapshots').selectAll().where('stream', '=', stream);
    if (version !== undefined) query = query.where('version', '<=', version);
    if (position !== undefined) query = query.where('position', '<=', position);
    const row = await query.orderBy('version', 'desc').limit(1).executeTakeFirst();
    return row === undefined ? null : toSnapshot(row);
  }

  async snapshots({ after, limit }: SnapshotRange = {}): Promise<readonly Snapshot[]> {
    if (!(await this.#has('snapshots'))) return [];
    let query = this.db.selectFrom('snapshots').selectAll();
    if (after !== undefined) {
      const { stream, version } = after;
      query = query.where((eb) =>
        eb.or([eb('stream', '>', stream), eb.and([eb('stream', '=', stream), eb('version', '>', version)])]),
      );
    }
    return (await query.orderBy('stream').orderBy('version').limit(bounded({ limit }).limit).execute()).map(toSnapshot);
  }

  async archived(): Promise<Archived | null> {
    if (!(await this.#has('archive'))) return null;
    const row = await this.db.selectFrom('archive').select(['up_to', 'roots']).executeTakeFirst();
    return row === undefined ? null : toArchived(row);
  }

  async base(stream: string): Promise<Base | null> {
    if (!(await this.#has('bases'))) return null;
    const row = await this.db.selectFrom('bases').selectAll().where('stream', '=', stream).executeTakeFirst();
    return row === undefined ? null : toSnapshot(row);
  }

  async bases(range: { readonly after?: string; readonly limit?: number } = {}): Promise<readonly Base[]> {
    if (!(await this.#has('bases'))) return [];
    const query = this.db
      .selectFrom('bases')
      .selectAll()
      .where('stream', '>', range.after ?? '')
      .orderBy('stream');
    return (await query.limit(bounded({ limit: range.limit }).limit).execute()).map(toSnapshot);
  }

  async baseCharts(): Promise<readonly BaseChart[]> {
    if (!(await this.#has('bases'))) return [];
    const query = this.db.selectFrom('bases').select(['chart_id as id', 'chart_hash as hash']);
    const counted = query.select(({ fn }) => fn.countAll().as('bases')).groupBy(['chart_id', 'chart_hash']);
    const rows = await counted.orderBy('chart_id').orderBy('chart_hash').execute();
    return rows.map(({ bases, ...chart }) => ({ ...chart, bases: Number(bases) }));
  }

  /** What was read of a stream, if nothing before it is archived. @throws JournalError `archived` */
  protected async wholeStream(
    stream: string,
    after: number,
    events: readonly RecordedEvent[],
  ): Promise<readonly RecordedEvent[]> {
    if (events[0]?.version === after + 1) return events;
    const base = await this.base(stream);
    if (base === null || base.version <= after) return events;
    throw archivedError(`Stream ${stream}`, base.position);
  }

  async charts(): Promise<readonly RecordedChart[]> {
    if (!(await this.#has('charts'))) return this.#chartsOfEvents();
    const rows = await this.db.selectFrom('charts').selectAll().orderBy('first_position').execute();
    return rows.map(toRecordedChart);
  }

  async #chartsOfEvents(): Promise<readonly RecordedChart[]> {
    const names = this.db.selectFrom('events').select(['chart_id as id', 'chart_hash as hash']);
    const found = names.select(({ fn }) => fn.min('position').as('first_position')).groupBy(['chart_id', 'chart_hash']);
    return (await found.orderBy('first_position').execute()).map(toRecordedChart);
  }

  /** Whoever only reads may find a journal that no program of today has opened yet. */
  async #has(table: 'snapshots' | 'charts' | 'archive' | 'bases'): Promise<boolean> {
    this.#tables ??= this.capabilities.tables
      .execute(this.db)
      .then(({ rows }) => new Set(rows.map(({ name }) => name)));
    return (await this.#tables).has(table);
  }

  /** Whoever reads afterwards gets a `JournalError` `closed`. */
  async close(): Promise<void> {
    await this.#close();
  }
}

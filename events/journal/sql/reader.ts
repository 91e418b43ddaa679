import type { Kysely } from 'kysely';
import type { Frontier } from '../merkle/frontier.ts';
import type {
  JournalReader,
  KeyRange,
  KeyReader,
  OutboxRow,
  ReadRange,
  RecordedEvent,
  StoredEvent,
  TimerRow,
  TreeReader,
  WrappedKey,
} from '../port.ts';
import { bounded } from '../range.ts';
import type { Capabilities } from './capabilities.ts';
import { toEvent, toHead, toStored, toOutboxRow, toTimer } from './rows.ts';
import type { JournalTables } from './tables.ts';
import { EVENT_COLUMNS } from './values.ts';

/** Reads of connections that never write. */
export class SqlReader implements JournalReader, KeyReader, TreeReader {
  readonly capabilities: Capabilities;
  /** The connections, for read models in the same database. */
  readonly db: Kysely<JournalTables>;
  readonly #close: () => void | Promise<void>;
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
    return (await query.orderBy('version').limit(limit).execute()).map(toEvent);
  }

  async readAll(range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const query = this.db.selectFrom('events').select(EVENT_COLUMNS).where('position', '>', after);
    return (await query.orderBy('position').limit(limit).execute()).map(toEvent);
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
    return (await query.orderBy('position').execute()).map(({ leaf }) => leaf);
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

  /** Whoever reads afterwards gets a `JournalError` `closed`. */
  async close(): Promise<void> {
    await this.#close();
  }
}

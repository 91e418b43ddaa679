import type { Kysely } from 'kysely';
import type {
  JournalReader,
  KeyRange,
  KeyReader,
  OutboxRow,
  ReadRange,
  RecordedEvent,
  TimerRow,
  WrappedKey,
} from '../port.ts';
import { bounded } from '../range.ts';
import type { Capabilities } from './capabilities.ts';
import { toEvent, toOutboxRow, toTimer } from './rows.ts';
import type { JournalTables } from './tables.ts';

/** Reads of connections that never write. */
export class SqlReader implements JournalReader, KeyReader {
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
    const query = this.db.selectFrom('events').selectAll().where('stream', '=', stream).where('version', '>', after);
    return (await query.orderBy('version').limit(limit).execute()).map(toEvent);
  }

  async readAll(range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const query = this.db.selectFrom('events').selectAll().where('position', '>', after);
    return (await query.orderBy('position').limit(limit).execute()).map(toEvent);
  }

  async readCorrelation(correlationId: string, range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const query = this.db.selectFrom('events').selectAll().where('correlation_id', '=', correlationId);
    return (await query.where('position', '>', after).orderBy('position').limit(limit).execute()).map(toEvent);
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

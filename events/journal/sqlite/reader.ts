import type { Kysely } from 'kysely';
import type { JournalReader, ReadRange, RecordedEvent } from '../port.ts';
import { bounded } from '../range.ts';
import { toEvent } from './rows.ts';
import type { JournalTables } from './tables.ts';

/** Reads of one connection, which never writes. */
export class SqliteReader implements JournalReader {
  /** The connection, for read models in the same file. */
  readonly db: Kysely<JournalTables>;
  readonly #close: () => void;
  /** @param close closes the connection; safe to call twice */
  constructor(db: Kysely<JournalTables>, close: () => void) {
    this.db = db;
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

  /** Whoever reads afterwards gets a `JournalError` `closed`. */
  async close(): Promise<void> {
    this.#close();
  }
}

import type { DatabaseSync } from 'node:sqlite';
import type { CompiledQuery, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { NodeSqliteConnection } from './dialect.ts';
import type { EventsTable, JournalTables } from './tables.ts';

/**
 * The small reads that every step of an actor makes, on statements compiled once. They go to the writing connection,
 * whose page cache holds what was just written: the reading one drops its cache after every commit of the other, and
 * takes 30 to 190 us a read where this takes 5 to 20. While a transaction is open they go to the reading one all the
 * same, so that nobody sees what is not committed.
 *
 * They pass by Kysely's connection lock: nothing is awaited here, and with 256 actors waiting it wakes all of them for
 * each that it lets through.
 */
export class PointReads {
  readonly #database: DatabaseSync;
  readonly #writing: NodeSqliteConnection;
  readonly #reading: NodeSqliteConnection;
  readonly #queries: ReturnType<typeof compileQueries>;

  constructor(options: {
    readonly database: DatabaseSync;
    readonly writing: NodeSqliteConnection;
    readonly reading: NodeSqliteConnection;
    readonly db: Kysely<JournalTables>;
  }) {
    this.#database = options.database;
    this.#writing = options.writing;
    this.#reading = options.reading;
    this.#queries = compileQueries(options.db);
  }

  isConsumed(messageKey: string): boolean {
    return this.#rows(this.#queries.inbox, [messageKey]).length > 0;
  }

  answers(messageKey: string): readonly JournalTables['answers'][] {
    return this.#rows(this.#queries.answers, [messageKey]);
  }

  outboxRow(id: string): JournalTables['outbox'] | undefined {
    return this.#rows(this.#queries.outbox, [id])[0];
  }

  wrappedKey(id: string): Uint8Array | undefined {
    return this.#rows(this.#queries.key, [id])[0]?.wrapped;
  }

  stream(stream: string, after: number, limit: number): readonly EventsTable[] {
    return this.#rows(this.#queries.stream, [stream, after, limit]);
  }

  #rows<Row>(query: CompiledQuery<Row>, parameters: readonly unknown[]): readonly Row[] {
    const inTransaction = this.#database.isOpen && this.#database.isTransaction;
    return (inTransaction ? this.#reading : this.#writing).rows({ ...query, parameters });
  }
}

function compileQueries(db: Kysely<JournalTables>) {
  const ofStream = db.selectFrom('events').selectAll().where('stream', '=', '').where('version', '>', 0);
  return {
    inbox: db.selectFrom('inbox').select('message_key').where('message_key', '=', '').compile(),
    answers: db
      .selectFrom('answers')
      .selectAll()
      .where('message_key', '=', '')
      .orderBy(sql`rowid`)
      .compile(),
    outbox: db.selectFrom('outbox').selectAll().where('id', '=', '').compile(),
    key: db.selectFrom('keys').select('wrapped').where('id', '=', '').compile(),
    stream: ofStream.orderBy('version').limit(0).compile(),
  };
}

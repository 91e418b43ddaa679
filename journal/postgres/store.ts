import type { CompiledQuery, Kysely } from 'kysely';
import type { BatchWrite, Consumed, Head } from '../batch.ts';
import type { BatchStore, BatchTransaction } from '../committer.ts';
import { frontierToBytes } from '../merkle/frontier.ts';
import { KnownCharts } from '../sql/known-charts.ts';
import { toConsumed, toEvent, toHead } from '../sql/rows.ts';
import type { JournalTables } from '../sql/tables.ts';
import type { InsertTable } from '../sql/values.ts';
import { valuesOf } from '../sql/values.ts';
import type { Connection } from './connection.ts';
import { journalError, toJournalError } from './errors.ts';
import type { Link } from './link.ts';
import { columnsOf, compileStatements } from './statements.ts';

/** A server that ends the connection of the same batch so often has a reason of its own. */
const MAX_ATTEMPTS = 3;

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

/** What one attempt came to: kept, or gone with the connection without a trace. */
type Attempt<T> = { readonly kind: 'kept'; readonly result: T } | { readonly kind: 'lost'; readonly error: unknown };

/**
 * Writes batches over one connection of its own. A batch takes three round trips: the lock on the head and what is to be
 * known, the writes, the commit. Where the connection goes away, the store finds out whether the batch was kept: it
 * waits for the head, which the lost transaction holds until it is decided, and reads which batch of ours was the last.
 */
export class PostgresStore implements BatchStore {
  readonly #link: Link;
  readonly #name: string;
  readonly #writer: string;
  readonly #statements: ReturnType<typeof compileStatements>;
  readonly #charts = new KnownCharts();
  /** Number of the batch under way. */
  #batch = 0;

  /**
   * @param options.db compiles statements and runs none
   * @param options.writer id of this process among those that write the journal; never used before
   */
  constructor(options: {
    readonly link: Link;
    readonly db: Kysely<JournalTables>;
    readonly name: string;
    readonly writer: string;
  }) {
    this.#link = options.link;
    this.#name = options.name;
    this.#writer = options.writer;
    this.#statements = compileStatements(options.db);
  }

  async transaction<T>(work: (tx: BatchTransaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const done = await this.#attempt(await this.#link.connected(), work);
      if (done.kind === 'kept') {
        this.#charts.kept();
        return done.result;
      }
      if (attempt < MAX_ATTEMPTS) continue;
      const message = `Journal ${this.#name}: its server ended the connection ${MAX_ATTEMPTS} times on the same batch.`;
      throw journalError('unreachable', message, done.error);
    }
  }

  async #attempt<T>(on: Connection, work: (tx: BatchTransaction) => Promise<T>): Promise<Attempt<T>> {
    const batch = ++this.#batch;
    let result: T;
    let wrote = false;
    this.#charts.begin();
    try {
      const tx = this.#transaction(on);
      result = await work({
        ...tx,
        write: async (write) => {
          wrote = true;
          await this.#write(on, write, batch);
        },
      });
    } catch (error) {
      // It was never told to commit.
      if (on.isLost) return { kind: 'lost', error };
      await on.command('rollback').catch(() => on.end());
      throw error;
    }
    try {
      // PostgreSQL answers the commit of a failed transaction with its rollback.
      if ((await on.command('commit')) === 'COMMIT') return { kind: 'kept', result };
      throw journalError('failed', `Journal ${this.#name}: the transaction had failed before its commit.`);
    } catch (error) {
      if (!on.isLost) throw error;
      return !wrote || (await this.#wasKept(batch)) ? { kind: 'kept', result } : { kind: 'lost', error };
    }
  }

  #transaction(on: Connection): Omit<BatchTransaction, 'write'> {
    const s = this.#statements;
    const versions = async (streams: readonly string[]): Promise<ReadonlyMap<string, number>> => {
      if (streams.length === 0) return new Map();
      const rows = await on.rows(withParameters(s.versions, [streams]));
      return new Map(rows.map(({ stream, version }) => [stream, version]));
    };
    const consumed = async (keys: readonly string[]): Promise<ReadonlyMap<string, Consumed>> => {
      if (keys.length === 0) return new Map();
      const rows = await on.rows(withParameters(s.consumed, [keys]));
      return new Map(rows.map((row) => [row.message_key, toConsumed(row)]));
    };
    const keys = async (ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> => {
      if (ids.length === 0) return new Map();
      const rows = await on.rows(withParameters(s.keys, [ids]));
      return new Map(rows.map(({ id, wrapped }) => [id, wrapped]));
    };
    return {
      // All sent at once. Each statement sees what is committed when it starts, so those behind the lock see all that
      // the former holder of the head has written; within one statement they would not.
      basis: async ({ streams, messageKeys, keys: ids }) => {
        const [, head, known, seen, held] = await Promise.all([
          on.command('begin isolation level read committed'),
          this.#lockHead(on),
          versions(streams),
          consumed(messageKeys),
          keys(ids),
        ]);
        return { head, versions: known, consumed: seen, keys: held };
      },
      versions,
      events: async (firstPosition, count) =>
        (await on.rows(withParameters(s.events, [firstPosition, firstPosition + count]))).map(toEvent),
    };
  }

  async #lockHead(on: Connection): Promise<Head> {
    const [head] = await on.rows(this.#statements.lockHead);
    if (head === undefined) throw journalError('corrupt', `Journal ${this.#name}: its head row is gone.`);
    return toHead(head);
  }

  async #write(on: Connection, write: BatchWrite, batch: number): Promise<void> {
    const s = this.#statements;
    const { from, to, outbox, timers, keys } = write;
    const sent: Promise<unknown>[] = [];
    const send = (query: CompiledQuery, parameters: readonly (readonly unknown[])[]): void => {
      if ((parameters[0]?.length ?? 0) > 0) sent.push(on.rows(withParameters(query, parameters)));
    };
    const head = [to.position, to.outboxSeq, frontierToBytes(to.roots), from.position, from.outboxSeq];
    const moved = on.rows(withParameters(s.moveHead, [...head, this.#writer, batch, this.#writer]));
    sent.push(moved);
    send(s.dropOutbox, [outbox.settle]);
    send(s.dropTimers, [timers.disarm.map(({ stream }) => stream), timers.disarm.map(({ name }) => name)]);
    send(s.dropKeys, [keys.drop]);
    const values = valuesOf(write);
    const rows = { ...values, charts: this.#charts.unknown(values.charts) };
    for (const table of TABLES) send(s.insert[table], columnsOf(table, rows[table]));
    await Promise.all(sent);
    if ((await moved).length === 1) return;
    throw journalError('failed', `Journal ${this.#name}: its head moved while this process held it.`);
  }

  /** @throws JournalError `failed` where nobody can tell, for the server does not come back in time */
  async #wasKept(batch: number): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      let on: Connection | null = null;
      try {
        on = await this.#link.connected();
        const [, , rows] = await Promise.all([
          on.command('begin isolation level read committed'),
          this.#lockHead(on),
          on.rows(withParameters(this.#statements.lastBatch, [this.#writer])),
          on.command('commit'),
        ]);
        return rows[0]?.batch === batch;
      } catch (error) {
        if (on?.isLost === true && attempt < MAX_ATTEMPTS) continue;
        const { message } = toJournalError(error, this.#name);
        throw journalError('failed', `${message} Whether the last commits were kept is not known.`, error);
      }
    }
  }
}

function withParameters<O>(query: CompiledQuery<O>, parameters: readonly unknown[]): CompiledQuery<O> {
  return { ...query, parameters };
}

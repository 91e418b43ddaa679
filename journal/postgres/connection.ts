import type { CompiledQuery } from 'kysely';
import { Client, types } from 'pg';
import type { ClientConfig, QueryResult } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import type { Address } from './address.ts';
import { isLoss, toJournalError } from './errors.ts';
import { passwordOf } from './password.ts';

/** A new connection is there in milliseconds; a host that does not answer shall not hold up the start. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A transaction of ours that goes on without us: its process is gone or cut off, and it holds the head. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Longer than the timeout above: whoever waits for the head of a dead process gets it, instead of an error. */
const LOCK_TIMEOUT_MS = 15_000;
/** Longer than the wait for a lock, and some 100 times what the largest batch takes. */
const STATEMENT_TIMEOUT_MS = 20_000;
/** Longer than the server's own: when it does not even say that it gave up, the connection is dead. */
const ANSWER_TIMEOUT_MS = 25_000;
/** How soon a peer that is gone is noticed on an idle connection, on both sides: 10 s and three probes of 5 s. */
const KEEPALIVE_IDLE_S = 10;
const KEEPALIVE = `-c tcp_keepalives_idle=${KEEPALIVE_IDLE_S} -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3`;

const READ_ONLY = '-c default_transaction_read_only=on';

/** OIDs of pg_type whose values are not what we want them to be. */
const INT8 = 20;
const BYTEA = 17;

/** Numbers up to 2^53 as numbers, bytes as `Uint8Array`; the rest as `pg` has it. */
const getTypeParser: NonNullable<ClientConfig['types']>['getTypeParser'] = (oid: number, format?: unknown) => {
  if (format === 'binary') return types.getTypeParser(oid, 'binary');
  if (oid === INT8) return Number;
  if (oid === BYTEA) return (text: string) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
  return types.getTypeParser(oid);
};

/** What every connection of the journal is opened with. @param purpose shown in pg_stat_activity */
export function clientConfig({ url }: Address, purpose: string, access: 'reads' | 'writes' = 'writes'): ClientConfig {
  const parsed = parseIntoClientConfig(url);
  const settings = [KEEPALIVE, ...(access === 'reads' ? [READ_ONLY] : []), parsed.options ?? ''];
  return {
    ...parsed,
    ...passwordOf(parsed),
    options: settings.join(' ').trim(),
    application_name: `cpns journal: ${purpose}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_IDLE_S * 1_000,
    types: { getTypeParser },
  };
}

/**
 * One connection, pipelined: statements are sent without waiting for the answers to those before, and answered in their
 * order. They are prepared once and kept. Every error is a `JournalError`.
 */
export class Connection {
  readonly #client: Client;
  readonly #name: string;
  readonly #kept = new Map<string, string>();
  #isLost = false;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly lost: Promise<void>;

  /** @throws JournalError */
  static async open(address: Address, purpose: string): Promise<Connection> {
    const client = new Client({ ...clientConfig(address, purpose), pipeline: true });
    const connection = new Connection(client, address.name);
    try {
      await client.connect();
      return connection;
    } catch (error) {
      connection.end();
      throw toJournalError(error, address.name);
    }
  }

  private constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
    this.lost = new Promise((resolve) => {
      const gone = (): void => {
        this.#isLost = true;
        resolve();
      };
      client.once('end', gone);
      // An error outside any statement, such as a connection that is reset, ends it; without a listener, the process too.
      client.on('error', gone);
    });
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** @throws JournalError; afterwards `isLost` tells whether the connection went with it */
  async rows<R>({ sql, parameters }: CompiledQuery<R>): Promise<R[]> {
    let name = this.#kept.get(sql);
    if (name === undefined) this.#kept.set(sql, (name = `s${this.#kept.size}`));
    const { rows } = await this.#run<R>({ name, text: sql, values: [...parameters] });
    return rows;
  }

  /** Rows of a statement without parameters that is not kept. */
  async select<R>(text: string): Promise<R[]> {
    const { rows } = await this.#run<R>({ text });
    return rows;
  }

  /** Runs a statement without parameters. @returns its command tag, e.g. `COMMIT` */
  async command(text: string): Promise<string> {
    const { command } = await this.#run({ text });
    return command;
  }

  /** @returns what ends it */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload }) => listener(payload ?? ''));
  }

  /** Drops the connection without waiting for what is under way. */
  end(): void {
    this.#isLost = true;
    // What still comes of it concerns nobody any more.
    void this.#client.end().catch(() => undefined);
  }

  async #run<R>(statement: { readonly text: string; readonly name?: string; readonly values?: unknown[] }) {
    try {
      const result: QueryResult<R & Record<string, unknown>> = await this.#client.query(statement);
      return result;
    } catch (error) {
      if (isLoss(error)) this.end();
      throw toJournalError(error, this.#name);
    }
  }
}

import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { closedError } from '../committer.ts';
import type { JournalTables } from '../sql/tables.ts';
import type { Address } from './address.ts';
import { clientConfig } from './connection.ts';
import { toJournalError } from './errors.ts';
import { untilReached } from './link.ts';

/** A connection that nobody has used for so long is given back to the server. */
const IDLE_TIMEOUT_MS = 60_000;

/** Kysely over a bounded pool of connections. Every error is a `JournalError`; `closed` after `close`. */
export class Database {
  readonly kysely: Kysely<JournalTables>;
  readonly #pool: Pool;
  #closing: Promise<void> | null = null;

  /** @param options.connections at most so many; whoever comes then waits */
  constructor(
    address: Address,
    options: { readonly purpose: string; readonly connections: number; readonly access: 'reads' | 'writes' },
  ) {
    this.#pool = new Pool({
      ...clientConfig(address, options.purpose, options.access),
      // With it a connection whose server does not answer in time is dropped, instead of used again.
      pipeline: true,
      max: options.connections,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
    });
    // The pool drops connections that break while they are idle, and those in use report it to whoever uses them.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    const dialect = new JournalDialect(this.#pool, address, () => this.#closing !== null);
    this.kysely = new Kysely<JournalTables>({ dialect });
  }

  /** Waits for what is under way. Safe to call twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#pool.end());
  }
}

class JournalDialect extends PostgresDialect {
  readonly #address: Address;
  readonly #isClosed: () => boolean;
  constructor(pool: Pool, address: Address, isClosed: () => boolean) {
    super({ pool });
    this.#address = address;
    this.#isClosed = isClosed;
  }
  override createDriver(): Driver {
    return new JournalDriver(super.createDriver(), this.#address, this.#isClosed);
  }
}

/** Kysely's own driver, with our errors. */
class JournalDriver implements Driver {
  readonly #driver: Driver;
  readonly #address: Address;
  readonly #isClosed: () => boolean;
  readonly #connections = new WeakMap<DatabaseConnection, DatabaseConnection>();
  constructor(driver: Driver, address: Address, isClosed: () => boolean) {
    this.#driver = driver;
    this.#address = address;
    this.#isClosed = isClosed;
  }

  init(): Promise<void> {
    return this.#driver.init();
  }
  async acquireConnection(): Promise<DatabaseConnection> {
    const inner = await untilReached(this.#address, () => {
      if (this.#isClosed()) throw closedError();
      return this.#driver.acquireConnection();
    });
    const connection = new JournalConnection(inner, this.#address.name);
    this.#connections.set(connection, inner);
    return connection;
  }
  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return this.#with(connection, (inner) => this.#driver.beginTransaction(inner, settings));
  }
  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#with(connection, (inner) => this.#driver.commitTransaction(inner));
  }
  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#with(connection, (inner) => this.#driver.rollbackTransaction(inner));
  }
  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#with(connection, (inner) => this.#driver.releaseConnection(inner));
  }
  destroy(): Promise<void> {
    return this.#driver.destroy();
  }

  async #with(connection: DatabaseConnection, work: (inner: DatabaseConnection) => Promise<void>): Promise<void> {
    const inner = this.#connections.get(connection);
    if (inner === undefined) throw new Error('This connection is of another driver.');
    try {
      await work(inner);
    } catch (error) {
      throw toJournalError(error, this.#address.name);
    }
  }
}

class JournalConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection;
  readonly #name: string;
  constructor(inner: DatabaseConnection, name: string) {
    this.#inner = inner;
    this.#name = name;
  }
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await this.#inner.executeQuery<R>(query);
    } catch (error) {
      throw toJournalError(error, this.#name);
    }
  }
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

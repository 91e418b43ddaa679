import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  Driver,
  Kysely,
  QueryResult,
  TransactionSettings,
} from 'kysely';
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { toJournalError } from './errors.ts';

/** The program has some 50 different statements; beyond this, somebody puts values into SQL text. */
const MAX_KEPT_STATEMENTS = 256;

/**
 * Kysely over one connection of `node:sqlite`: statements are prepared once and kept, transactions start with
 * `begin immediate`, and every error is a `JournalError`. Kysely's own SQLite driver prepares each statement on each call
 * and begins deferred transactions, which fail at once when they read first and write later (SQLITE_BUSY_SNAPSHOT).
 */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;
  readonly #connection: NodeSqliteConnection;
  /** @param connection of that database */
  constructor(database: DatabaseSync, connection: NodeSqliteConnection) {
    this.#database = database;
    this.#connection = connection;
  }
  createDriver(): Driver {
    return new NodeSqliteDriver(this.#database, this.#connection);
  }
  createAdapter(): SqliteAdapter {
    return new NodeSqliteAdapter();
  }
  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }
  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

class NodeSqliteAdapter extends SqliteAdapter {
  /** SQLite's schema changes are transactional: a migration is there as a whole or not at all. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: NodeSqliteConnection;
  constructor(database: DatabaseSync, connection: NodeSqliteConnection) {
    this.#database = database;
    this.#connection = connection;
  }
  async init(): Promise<void> {}
  /** One connection; Kysely itself lets transactions wait for each other (`supportsMultipleConnections` is false). */
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }
  /** One that only reads sees one state of the database from its first statement on, and holds up nobody. */
  async beginTransaction(_: DatabaseConnection, { accessMode }: TransactionSettings): Promise<void> {
    this.#connection.run(accessMode === 'read only' ? 'begin' : 'begin immediate');
  }
  async commitTransaction(): Promise<void> {
    this.#connection.run('commit');
  }
  async rollbackTransaction(): Promise<void> {
    // SQLite has rolled back by itself where the disk was full or failed.
    if (this.#database.isOpen && this.#database.isTransaction) this.#connection.run('rollback');
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}

interface Kept {
  readonly statement: StatementSync;
  readonly returns: 'rows' | 'changes';
}

/** One connection and its kept statements. */
export class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #kept = new Map<string, Kept>();
  /** @param file the name that errors give the database */
  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  run(sql: string): void {
    try {
      this.#prepare(sql).statement.run();
    } catch (error) {
      throw toJournalError(error, this.#file);
    }
  }

  /** What a `select` finds. @throws JournalError */
  rows<R>(query: CompiledQuery<R>): R[] {
    return this.#execute<R>(query).rows;
  }

  /** Runs a statement that returns no rows. @returns how many rows it changed. @throws JournalError */
  change(sql: string, parameters: readonly unknown[]): number {
    try {
      return Number(this.#prepare(sql).statement.run(...bindable(sql, parameters)).changes);
    } catch (error) {
      throw toJournalError(error, this.#file);
    }
  }

  /** Runs a statement once for each row of parameters. @throws JournalError */
  changeEach(sql: string, rows: readonly (readonly SQLInputValue[])[]): void {
    if (rows.length === 0) return;
    try {
      const { statement } = this.#prepare(sql);
      for (const row of rows) statement.run(...row);
    } catch (error) {
      throw toJournalError(error, this.#file);
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#execute<R>(query);
  }

  #execute<R>({ sql, parameters }: CompiledQuery): { rows: R[]; numAffectedRows?: bigint; insertId?: bigint } {
    try {
      const { statement, returns } = this.#prepare(sql);
      if (returns === 'changes') {
        const { changes, lastInsertRowid } = statement.run(...bindable(sql, parameters));
        return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
      }
      const rows: unknown[] = statement.all(...bindable(sql, parameters));
      if (!areRows<R>(rows)) throw new TypeError(`this statement returned no rows: ${sql}`);
      return { rows };
    } catch (error) {
      throw toJournalError(error, this.#file);
    }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  #prepare(sql: string): Kept {
    const found = this.#kept.get(sql);
    if (found !== undefined) return found;
    if (this.#kept.size >= MAX_KEPT_STATEMENTS) this.#kept.clear();
    const statement = this.#database.prepare(sql);
    const kept: Kept = { statement, returns: statement.columns().length > 0 ? 'rows' : 'changes' };
    this.#kept.set(sql, kept);
    return kept;
  }
}

function bindable(sql: string, values: readonly unknown[]): readonly SQLInputValue[] {
  if (areBindable(values)) return values;
  throw new TypeError(`a parameter of this statement is no SQLite value: ${sql}`);
}

function areBindable(values: readonly unknown[]): values is readonly SQLInputValue[] {
  for (const value of values) if (!isBindable(value)) return false;
  return true;
}

const isBindable = (value: unknown): value is SQLInputValue =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  value === null ||
  typeof value === 'bigint' ||
  ArrayBuffer.isView(value);

/** Which columns a row has, Kysely derives from the query and `tables.ts`; here only that it is one. */
function areRows<R>(values: readonly unknown[]): values is R[] {
  return values.every((value) => typeof value === 'object' && value !== null);
}

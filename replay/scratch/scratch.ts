import { DatabaseSync } from 'node:sqlite';
import { Shelf, type Codec } from './shelf.ts';

/** Pages kept in memory, in KiB; the rest is in a file without a name that goes with the process. */
const CACHE_KIB = 16_384;
/** Entries of one shelf that are at hand without asking the file; twice as many at most. */
const DEFAULT_HOT = 8_000;

/**
 * Where a check of a journal keeps what it has to remember of millions of actors: the busy ones in memory, the others in
 * a private temporary database (https://sqlite.org/inmemorydb.html, "temporary databases"), which SQLite deletes by itself.
 */
export class Scratch {
  /** For whoever joins what was noted. */
  readonly database: DatabaseSync;
  readonly #hot: number;
  #count = 0;

  /** @param hot entries of a shelf that stay in memory */
  constructor(hot = DEFAULT_HOT) {
    this.#hot = hot;
    this.database = new DatabaseSync('');
    // Nothing of it outlives the process: no journal of its own, no syncing, one transaction that is never ended.
    this.database.exec(`pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -${CACHE_KIB}; begin`);
  }

  /** @param hot for values that are large */
  shelf<Value>(codec: Codec<Value>, hot = this.#hot): Shelf<Value> {
    this.#count += 1;
    return new Shelf(this.database, `shelf_${this.#count}`, codec, Math.min(hot, this.#hot));
  }

  /** Safe to call twice. */
  close(): void {
    if (this.database.isOpen) this.database.close();
  }
}

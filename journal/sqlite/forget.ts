import type { DatabaseSync } from 'node:sqlite';
import { FORGET_WITHIN_MS } from '../port.ts';
import { journalError, toJournalError } from './errors.ts';

/**
 * Takes the bytes of dropped keys out of the files. `secure_delete` overwrites them in the database, but the page as it
 * was stays in the write-ahead log until a checkpoint has moved the log back and emptied it (measured: a key is found in
 * `-wal` 200 commits later, and for ever where none follow). The checkpoint takes 2 to 50 ms, nearly all of it the disk's.
 */
export class Forgetter {
  readonly #database: DatabaseSync;
  readonly #file: string;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #state: 'open' | 'ended' = 'open';

  /** @param database the connection that writes */
  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  /** Keys were written or dropped: one checkpoint serves all that comes until it is due. */
  soon(): void {
    if (this.#timer !== null || this.#state === 'ended') return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#attempt() === 'notYet') this.soon();
    }, FORGET_WITHIN_MS);
    this.#timer.unref();
  }

  /** @throws JournalError `locked` while a reader holds an older state */
  now(): void {
    if (this.#attempt() === 'done') return;
    throw journalError(
      'locked',
      `Journal ${this.#file}: a reader holds an older state of it, with keys that are dropped.`,
    );
  }

  /** Closing the last connection does the same. */
  end(): void {
    this.#state = 'ended';
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Without waiting for readers: the event loop stands still meanwhile. */
  #attempt(): 'done' | 'notYet' {
    if (!this.#database.isOpen) return 'done';
    if (this.#database.isTransaction) return 'notYet';
    try {
      const [timeout] = Object.values(this.#database.prepare('pragma busy_timeout').get() ?? {});
      this.#database.exec('pragma busy_timeout = 0');
      try {
        const result = this.#database.prepare('pragma wal_checkpoint(truncate)').get();
        return result?.['busy'] === 0 ? 'done' : 'notYet';
      } finally {
        this.#database.exec(`pragma busy_timeout = ${Number(timeout)}`);
      }
    } catch (error) {
      const failure = toJournalError(error, this.#file);
      if (failure.fault === 'locked') return 'notYet';
      throw failure;
    }
  }
}

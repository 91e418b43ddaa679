import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { journalError, toJournalError } from './errors.ts';

/** Readable and writable by the owner only: the journal tells who owns which device. */
const PRIVATE = 0o600;

/**
 * Creates an empty file that only its owner may read, unless it is there. SQLite gives `-wal` and `-shm` the same mode.
 * An existing file is not opened: closing it again would drop the locks that SQLite holds on it in this process
 * (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function ensurePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', PRIVATE));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw toJournalError(error, file);
  }
}

/**
 * Makes this process the only writer of `file`: an exclusive transaction, held open, on the empty database
 * `<file>.lock`. The kernel drops the lock with the process, however it ends; the file itself means nothing and stays.
 * @returns the release; safe to call twice
 * @throws JournalError `locked`, `readOnly`, `missing`
 */
export function lockForWriting(file: string): () => void {
  const lockFile = `${file}.lock`;
  ensurePrivateFile(lockFile);
  try {
    const lock = new DatabaseSync(lockFile);
    try {
      // On a read-only file `begin exclusive` locks nothing and succeeds; the write, which is never committed, tells.
      lock.exec('pragma journal_mode = memory; begin exclusive; pragma user_version = 1');
    } catch (error) {
      lock.close();
      throw error;
    }
    return () => {
      if (lock.isOpen) lock.close();
    };
  } catch (error) {
    const failure = toJournalError(error, lockFile);
    if (failure.fault !== 'locked') throw failure;
    throw journalError('locked', `Journal ${file}: another process writes it.`, error);
  }
}

import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SqlReader } from '../sql/reader.ts';
import { journalError, toJournalError } from './errors.ts';
import { openReading, openSqliteReader, realPath } from './open.ts';

/** A journal that is read and not touched: no file is changed, and none appears or stays beside it. */
export interface Evidence {
  readonly reader: SqlReader;
  /** @throws JournalError `locked` where somebody wrote the journal while it was read as one that nobody has open */
  close(): Promise<void>;
}

/**
 * Opens the journal in `file` for an auditor. One that nobody has open is read without locks, as an immutable database
 * (https://sqlite.org/c3ref/open.html), for which SQLite makes no `-shm`. One in use is read beside its writer. One whose write-ahead log
 * was left behind, in a folder where SQLite may not merge it, is read in a private copy with that log: what stands in it was
 * committed.
 * @throws JournalError as `openSqliteReader`
 */
export async function openSqliteEvidence(file: string): Promise<Evidence> {
  if (!existsSync(file)) throw journalError('missing', `Journal ${file}: there is no such file.`);
  const path = realPath(file);
  if (!existsSync(`${path}-wal`)) return await openAtRest(path);
  try {
    const reader = await openSqliteReader(path);
    return { reader, close: () => reader.close() };
  } catch (error) {
    const { fault } = toJournalError(error, path);
    if (fault !== 'failed' && fault !== 'readOnly') throw error;
    return await openCopy(path);
  }
}

async function openAtRest(path: string): Promise<Evidence> {
  const before = lookOf(path);
  const address = pathToFileURL(path);
  address.searchParams.set('immutable', '1');
  const reader = await openReading(path, address);
  return {
    reader,
    async close() {
      await reader.close();
      if (lookOf(path) === before) return;
      const message = `Journal ${path}: somebody opened it while it was read; what was found may be wrong.`;
      throw journalError('locked', message);
    },
  };
}

/** Whoever opens the journal makes a write-ahead log, or changes the file. */
function lookOf(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${size} ${mtimeMs} ${existsSync(`${path}-wal`)}`;
}

async function openCopy(path: string): Promise<Evidence> {
  const folder = mkdtempSync(join(tmpdir(), 'cpns-evidence-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, basename(path));
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix);
    const reader = await openReading(copy, copy);
    return {
      reader,
      close: async () => {
        await reader.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw toJournalError(error, path);
  }
}

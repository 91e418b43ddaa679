import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { Kysely } from 'kysely';
import { migrate } from '../sql/migrations.ts';
import { SqlReader } from '../sql/reader.ts';
import type { JournalTables } from '../sql/tables.ts';
import { NodeSqliteConnection, NodeSqliteDialect } from './dialect.ts';
import { journalError, toJournalError } from './errors.ts';
import { Forgetter } from './forget.ts';
import { SqliteJournal } from './journal.ts';
import { ensurePrivateFile, lockForWriting } from './lock.ts';
import { checkSettings, readSettings } from './durability.ts';
import { PointReads } from './point-reads.ts';
import { SQLITE, SQLITE_MIGRATIONS, checkSchema } from './schema.ts';

export interface SqliteJournalOptions {
  /** Largest size of the database in pages of 4,096 bytes; beyond it commits fail as on a full disk. */
  readonly maxPageCount?: number;
}

/** How long a statement waits for another process, e.g. a backup that holds the file. It holds up the event loop. */
const BUSY_TIMEOUT_MS = 1_000;
/** Pages of the writer's cache in KiB: the upper levels of three indexes of some ten million events. */
const WRITER_CACHE_KIB = 16_384;
/**
 * Pages of the write-ahead log (16 MiB) after which it is moved back into the database; SQLite's own 1,000 are ten batches
 * of 64 appends. With 4,000 a journal of 100,000 events syncs 15 % less often and copies 40 % fewer pages, and opening it
 * after a crash still takes milliseconds.
 */
const CHECKPOINT_PAGES = 4_000;

/**
 * Opens the journal in `file` for this process alone, creates it (mode 0600) when absent, and brings its schema up to
 * date. Durable means: in the write-ahead log and synced (`synchronous = full`).
 * @throws JournalError `locked`, `newer`, `corrupt`, `readOnly`, `missing`, `full`, `failed`
 */
export async function openSqliteJournal(file: string, options: SqliteJournalOptions = {}): Promise<SqliteJournal> {
  const path = realPath(file);
  const release = lockForWriting(path);
  const opened: DatabaseSync[] = [];
  try {
    ensurePrivateFile(path);
    const writing = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    opened.push(writing);
    const writingOn = new NodeSqliteConnection(writing, path);
    const writer = kyselyOver(writing, writingOn);
    // Not on by default everywhere: what is deleted is overwritten, in its page and where the page becomes free.
    writing.exec('pragma secure_delete = on');
    const found = await checkSchema(writer, path);
    writing.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -${WRITER_CACHE_KIB};
      pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (options.maxPageCount !== undefined) writing.exec(`pragma max_page_count = ${Math.floor(options.maxPageCount)}`);
    // A read-only file shows only in a write; `begin immediate` alone succeeds on it.
    writing.exec('begin immediate; pragma user_version = 0; rollback');
    const durability = checkSettings(await readSettings(writer), path);
    await migrate(writer, SQLITE_MIGRATIONS);
    if (found === 'journal') await checkHead(writer, path);
    const reading = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    opened.push(reading);
    const readingOn = new NodeSqliteConnection(reading, path);
    return new SqliteJournal({
      file: path,
      writer,
      connection: writingOn,
      durability,
      reader: kyselyOver(reading, readingOn),
      forgetter: new Forgetter(writing, path),
      points: new PointReads({ database: writing, writing: writingOn, reading: readingOn, db: writer }),
      close: () => end(opened, release),
    });
  } catch (error) {
    end(opened, release);
    throw toJournalError(error, path);
  }
}

/**
 * Opens the journal in `file` for reading, beside the process that writes it or without one. Never writes the file.
 * @throws JournalError `missing`, `newer`, `corrupt`, `readOnly`, `failed`
 */
export async function openSqliteReader(file: string): Promise<SqlReader> {
  if (!existsSync(file)) throw journalError('missing', `Journal ${file}: there is no such file.`);
  const path = realPath(file);
  try {
    return await openReading(path, path);
  } catch (error) {
    // A closed journal on a read-only disk: SQLite cannot create its `-shm` there, and does not need it.
    const { fault } = toJournalError(error, path);
    if (isAtRest(path) && (fault === 'failed' || fault === 'readOnly')) {
      const address = pathToFileURL(path);
      address.searchParams.set('immutable', '1');
      return await openReading(path, address);
    }
    throw error;
  }
}

/** On a connection that writes nothing. */
export async function openReading(path: string, address: string | URL): Promise<SqlReader> {
  const opened: DatabaseSync[] = [];
  const close = (): void => closeAll(opened);
  try {
    const reading = new DatabaseSync(address, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    opened.push(reading);
    const db = kyselyOver(reading, new NodeSqliteConnection(reading, path));
    if ((await checkSchema(db, path)) === 'journal') return new SqlReader(db, SQLITE, close);
    throw journalError('corrupt', `Journal ${path}: it is empty; no program has set it up.`);
  } catch (error) {
    close();
    throw toJournalError(error, path);
  }
}

/** The lock goes last: nobody else writes before the log is back in the database. */
function end(databases: readonly DatabaseSync[], release: () => void): void {
  closeAll(databases);
  release();
}

/** The last one is the writer: SQLite puts the log back into the database when its last connection closes and may write. */
function closeAll(databases: readonly DatabaseSync[]): void {
  for (const database of databases.toReversed()) if (database.isOpen) database.close();
}

function kyselyOver(database: DatabaseSync, connection: NodeSqliteConnection): Kysely<JournalTables> {
  return new Kysely<JournalTables>({ dialect: new NodeSqliteDialect(database, connection) });
}

/** The one name of the file, so that two paths to it share one lock. Its folder, and what it links to, must exist. */
export function realPath(file: string): string {
  try {
    const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    return isLink || existsSync(file) ? realpathSync(file) : join(realpathSync(dirname(resolve(file))), basename(file));
  } catch (error) {
    throw toJournalError(error, file);
  }
}

/** Whether everything is in the main file: the write-ahead log is absent or empty. */
function isAtRest(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Batches move the head and append in one transaction; where the two differ, pages were lost. */
async function checkHead(db: Kysely<JournalTables>, file: string): Promise<void> {
  const head = await db.selectFrom('head').select('position').executeTakeFirst();
  const last = await db.selectFrom('events').select('position').orderBy('position', 'desc').limit(1).executeTakeFirst();
  if (head !== undefined && head.position === (last?.position ?? 0)) return;
  const message = `Journal ${file}: its head says ${head?.position}, its last event is ${last?.position ?? 0}.`;
  throw journalError('corrupt', message);
}

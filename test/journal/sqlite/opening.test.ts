import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../../../journal/port.ts';
import type { JournalFault } from '../../../journal/port.ts';
import { checkSettings } from '../../../journal/sqlite/durability.ts';
import { openSqliteJournal, openSqliteReader } from '../../../journal/sqlite/open.ts';
import { APPLICATION_ID } from '../../../journal/sqlite/schema.ts';
import { appendTo, noStream } from '../controls.ts';
import { useFolder } from './folder.ts';

const file = useFolder();

/** The error says what is wrong with which file in a sentence, and what to do about it in another. */
async function refusal(opening: Promise<unknown>): Promise<JournalFault> {
  const error: unknown = await opening.then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof JournalError)) throw error;
  expect(error.message).toMatch(/^Journal \/.+: .+\.$/);
  expect(error.remedy).toMatch(/^[A-Z].+\.$/);
  return error.fault;
}

async function createJournal(path: string): Promise<void> {
  const journal = await openSqliteJournal(path);
  await journal.commit(appendTo('s', noStream, 'E1', 'E2'));
  await journal.close();
}

describe('a new journal', () => {
  it('is private to its owner, whatever the umask, in all its files', async () => {
    const umask = process.umask(0);
    try {
      const journal = await openSqliteJournal(file());
      await journal.commit(appendTo('s', noStream, 'E1'));
      const modes = ['', '-wal', '-shm', '.lock'].map((suffix) => statSync(file() + suffix).mode & 0o777);
      expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
      await journal.close();
    } finally {
      process.umask(umask);
    }
  });

  it('says whose it is, syncs every commit and logs ahead', async () => {
    const journal = await openSqliteJournal(file());
    const pragma = async (name: string) =>
      Object.values(
        (await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(journal.writer)).rows[0] ?? {},
      );
    expect(await pragma('application_id')).toEqual([APPLICATION_ID]);
    expect(await pragma('journal_mode')).toEqual(['wal']);
    expect(await pragma('synchronous')).toEqual([2]);
    await journal.close();
  });
});

describe('what SQLite says of its settings', () => {
  const seen = { sqlite_version: '3.53.4', journal_mode: 'wal', synchronous: '2', fullfsync: '0' };

  it.each(['0', '1', 'undefined'])('is refused where synchronous is %s', (synchronous) => {
    expect(() => checkSettings({ ...seen, synchronous }, '/j')).toThrow(
      expect.objectContaining({ fault: 'unsafe', message: expect.stringContaining('a power cut loses commits') }),
    );
  });

  it('is kept for the record, with a warning where there is no write-ahead log', () => {
    expect(checkSettings(seen, '/j')).toEqual({ database: 'sqlite', seen, warnings: [] });
    expect(checkSettings({ ...seen, synchronous: '3', journal_mode: 'delete' }, '/j').warnings).toEqual([
      expect.stringContaining('journal_mode is delete'),
    ]);
  });
});

describe('opening is refused', () => {
  it('where the folder is missing, or what a link leads to', async () => {
    expect(await refusal(openSqliteJournal(file('no/journal.db')))).toBe('missing');
    expect(await refusal(openSqliteReader(file('no/journal.db')))).toBe('missing');
    expect(await refusal(openSqliteReader(file('absent.db')))).toBe('missing');
    symlinkSync(file('nowhere.db'), file('link.db'));
    expect(await refusal(openSqliteJournal(file('link.db')))).toBe('missing');
  });

  it('where the path is a folder', async () => {
    mkdirSync(file('folder.db'));
    expect(await refusal(openSqliteJournal(file('folder.db')))).toBe('failed');
  });

  it('where the file is no database, and leaves it as it was', async () => {
    const text = 'Dear diary, this is not a database.\n'.repeat(100);
    writeFileSync(file(), text);
    expect(await refusal(openSqliteJournal(file()))).toBe('corrupt');
    expect(await refusal(openSqliteReader(file()))).toBe('corrupt');
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });

  it('where the database is of another program, and leaves it as it was', async () => {
    const other = new DatabaseSync(file());
    other.exec('create table events (whatever)');
    other.close();
    const before = readFileSync(file());
    expect(await refusal(openSqliteJournal(file()))).toBe('corrupt');
    expect(readFileSync(file()).equals(before)).toBe(true);
  });

  it('where its pages are damaged', async () => {
    await createJournal(file());
    const bytes = readFileSync(file());
    bytes.fill(0xee, 4_096);
    writeFileSync(file(), bytes);
    expect(await refusal(openSqliteJournal(file()))).toBe('corrupt');
  });

  it('where its head and its last event differ', async () => {
    await createJournal(file());
    const database = new DatabaseSync(file());
    database.exec('delete from events where position = 2');
    database.close();
    expect(await refusal(openSqliteJournal(file()))).toBe('corrupt');
  });

  it('where a later version has written it, and leaves it as it was', async () => {
    await createJournal(file());
    const later = new DatabaseSync(file());
    later.exec("insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')");
    later.close();
    const before = readFileSync(file());
    expect(await refusal(openSqliteJournal(file()))).toBe('newer');
    expect(await refusal(openSqliteReader(file()))).toBe('newer');
    expect(readFileSync(file()).equals(before)).toBe(true);
  });

  it('where it is open already, also by another name, until it is closed', async () => {
    const first = await openSqliteJournal(file());
    symlinkSync(file(), file('alias.db'));
    expect(await refusal(openSqliteJournal(file()))).toBe('locked');
    expect(await refusal(openSqliteJournal(file('alias.db')))).toBe('locked');
    expect((await first.commit(appendTo('s', noStream, 'E1'))).kind).toBe('committed');
    await first.close();
    await (await openSqliteJournal(file('alias.db'))).close();
  });

  it('for reading where no program has set it up', async () => {
    writeFileSync(file(), '');
    expect(await refusal(openSqliteReader(file()))).toBe('corrupt');
  });
});

/** Root may write anything, so the one who tries is a child; as root it runs as `nobody`. */
const NOBODY = 65_534;
function tryAsOther(verb: 'open' | 'read'): string {
  const root = process.getuid?.() === 0;
  const script = `${import.meta.dirname}/child.ts`;
  const child = spawnSync(process.execPath, [script, verb, file()], {
    encoding: 'utf8',
    ...(root ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  return child.stdout.trim() === '' ? child.stderr : child.stdout.trim();
}
function giveAway(mode: { readonly file: number; readonly folder: number }): void {
  for (const suffix of ['', '.lock']) {
    if (!existsSync(file() + suffix)) continue;
    if (process.getuid?.() === 0) chownSync(file() + suffix, NOBODY, NOBODY);
    chmodSync(file() + suffix, mode.file);
  }
  if (process.getuid?.() === 0) chownSync(dirname(file()), NOBODY, NOBODY);
  chmodSync(dirname(file()), mode.folder);
}

describe('a journal that may not be written', () => {
  it.each([
    ['the file', { file: 0o400, folder: 0o700 }],
    ['the folder', { file: 0o600, folder: 0o500 }],
    ['both, as on a read-only disk', { file: 0o400, folder: 0o500 }],
  ])('is refused where that is so of %s, but can be read', async (_, mode) => {
    await createJournal(file());
    giveAway(mode);
    const written = tryAsOther('open');
    const read = tryAsOther('read');
    chmodSync(dirname(file()), 0o700);
    expect(written).toBe('JournalError readOnly');
    expect(read).toBe('head 2');
  });
});

it('reads beside the process that writes, what was committed and nothing else', async () => {
  const journal = await openSqliteJournal(file());
  const reader = await openSqliteReader(file());
  expect(await reader.head()).toBe(0);
  await journal.commit(appendTo('s', noStream, 'E1', 'E2'));
  expect(await reader.head()).toBe(2);
  expect(await reader.readStream('s')).toEqual(await journal.readStream('s'));
  await journal.writer
    .transaction()
    .execute(async (trx) => {
      await trx.deleteFrom('events').execute();
      expect(await reader.readAll()).toHaveLength(2);
      throw new Error('undo');
    })
    .catch((error: unknown) => expect(error).toMatchObject({ message: 'undo' }));
  await expect(reader.db.deleteFrom('events').execute()).rejects.toMatchObject({ fault: 'readOnly' });
  await reader.close();
  await expect(reader.head()).rejects.toMatchObject({ fault: 'closed' });
  await journal.close();
});

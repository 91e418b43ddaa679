import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import { FORGET_WITHIN_MS, type Journal, type WrappedKey } from '../../../journal/port.ts';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import { any, appendTo, commitOf } from '../controls.ts';
import { useFolder } from './folder.ts';

/** What a dropped key leaves behind in the files of a journal: nothing. */

const file = useFolder();
afterEach(() => vi.useRealTimers());

const keyNamed = (id: string, length = 77): WrappedKey => ({ id, wrapped: new Uint8Array(randomBytes(length)) });
const put = (journal: Journal, keys: readonly WrappedKey[]) =>
  journal.commit(commitOf({ keys: { put: keys, drop: [] } }));
const drop = (journal: Journal, keys: readonly WrappedKey[]) =>
  journal.commit(commitOf({ keys: { put: [], drop: keys.map(({ id }) => id) } }));

/** Which files hold the first 16 bytes of one of the keys. SQLite splits no row of this size over two pages. */
function filesWith(keys: readonly WrappedKey[]): readonly string[] {
  return ['', '-wal', '-shm', '-journal'].filter((suffix) => {
    const bytes = existsSync(file() + suffix) ? readFileSync(file() + suffix) : Buffer.alloc(0);
    return keys.some(({ wrapped }) => bytes.includes(Buffer.from(wrapped.subarray(0, 16))));
  });
}

it('has bytes of a dropped key in its log until it forgets, and then in no file', async () => {
  const journal = await openSqliteJournal(file());
  const [gone, stays] = [keyNamed('session/gone'), keyNamed('session/stays')];
  await put(journal, [gone, stays]);
  await drop(journal, [gone]);
  for (let n = 0; n < 50; n++) await journal.commit(appendTo('s', any, 'E'));
  expect(filesWith([gone])).toEqual(['-wal']);
  await journal.forgetDropped();
  expect(filesWith([gone])).toEqual([]);
  expect(filesWith([stays])).toEqual(['']);
  expect(await journal.wrappedKey('session/stays')).toEqual(stays.wrapped);
  await journal.close();
});

it('overwrites keys in the database as well, whole pages of them that become free included', async () => {
  const journal = await openSqliteJournal(file());
  const many = Array.from({ length: 300 }, (_, n) => keyNamed(`k${n}`, 400));
  await put(journal, many);
  await journal.forgetDropped();
  expect(filesWith(many)).toEqual(['']);
  await drop(journal, many);
  await journal.forgetDropped();
  expect(filesWith(many)).toEqual([]);
  await journal.close();
  const database = new DatabaseSync(file(), { readOnly: true });
  expect(Number(database.prepare('pragma freelist_count').get()?.['freelist_count'])).toBeGreaterThan(10);
  database.close();
});

it('forgets what a key was before it was replaced', async () => {
  const journal = await openSqliteJournal(file());
  const before = keyNamed('session/a');
  await put(journal, [before]);
  await journal.forgetDropped();
  await put(journal, [keyNamed('session/a')]);
  await journal.forgetDropped();
  expect(filesWith([before])).toEqual([]);
  await journal.close();
});

it('says when a reader keeps the older state, goes on working, and forgets once it has let go', async () => {
  const journal = await openSqliteJournal(file());
  const gone = keyNamed('session/gone');
  await put(journal, [gone]);
  const reader = new DatabaseSync(file(), { readOnly: true });
  reader.exec('begin');
  reader.prepare('select count(*) from keys').get();
  await drop(journal, [gone]);
  await expect(journal.forgetDropped()).rejects.toMatchObject({ name: 'JournalError', fault: 'locked' });
  expect((await journal.commit(appendTo('s', any, 'E'))).kind).toBe('committed');
  reader.exec('commit');
  await journal.forgetDropped();
  expect(filesWith([gone])).toEqual([]);
  reader.close();
  await journal.close();
});

it('forgets by itself while it is open, in time, and when it is closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const journal = await openSqliteJournal(file());
  const [first, second] = [keyNamed('session/a'), keyNamed('session/b')];
  await put(journal, [first, second]);
  await drop(journal, [first]);
  expect(filesWith([first])).toEqual(['-wal']);
  vi.advanceTimersByTime(FORGET_WITHIN_MS);
  expect(filesWith([first])).toEqual([]);
  await drop(journal, [second]);
  await journal.close();
  expect(filesWith([second])).toEqual([]);
});

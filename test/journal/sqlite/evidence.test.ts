import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteEvidence } from '../../../journal/sqlite/evidence.ts';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import { any, appendTo, noStream } from '../controls.ts';
import { useFolder } from './folder.ts';

const file = useFolder();

/** Two events; `open` leaves a copy as a process leaves it that was killed: with a write-ahead log that holds both. */
async function make(left: 'closed' | 'open', copy: string): Promise<void> {
  const journal = await openSqliteJournal(file());
  await journal.commit(appendTo('s', noStream, 'E1', 'E2'));
  if (left === 'closed') await journal.close();
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(file(), copy);
  if (left === 'open') copyFileSync(`${file()}-wal`, `${copy}-wal`);
  if (left === 'open') await journal.close();
}

const NOBODY = 65_534;

/** Root may write anything, so the one who reads is a child; as root it runs as `nobody`. */
function readAsOther(path: string): string {
  const isRoot = process.getuid?.() === 0;
  for (const name of readdirSync(dirname(path))) {
    if (isRoot) chownSync(`${dirname(path)}/${name}`, NOBODY, NOBODY);
    chmodSync(`${dirname(path)}/${name}`, 0o400);
  }
  if (isRoot) chownSync(dirname(path), NOBODY, NOBODY);
  if (isRoot) chmodSync(dirname(dirname(path)), 0o755);
  chmodSync(dirname(path), 0o500);
  const child = spawnSync(process.execPath, [`${import.meta.dirname}/child.ts`, 'evidence', path], {
    encoding: 'utf8',
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  chmodSync(dirname(path), 0o700);
  return child.stdout.trim() === '' ? child.stderr : child.stdout.trim();
}

describe('a journal as evidence', () => {
  it('is read where neither file nor folder may be written, and nothing appears there', async () => {
    const copy = file('rest/journal.db');
    await make('closed', copy);
    expect(readAsOther(copy)).toBe('head 2');
    expect(readdirSync(dirname(copy))).toEqual(['journal.db']);
  });

  it('is read there with what stands in a write-ahead log that nobody has merged', async () => {
    const copy = file('left/journal.db');
    await make('open', copy);
    const [before, log] = [readFileSync(copy), readFileSync(`${copy}-wal`)];
    expect(readAsOther(copy)).toBe('head 2');
    expect(readdirSync(dirname(copy))).toEqual(['journal.db', 'journal.db-wal']);
    expect(readFileSync(copy).equals(before)).toBe(true);
    expect(readFileSync(`${copy}-wal`).equals(log)).toBe(true);
  });

  it('leaves nothing beside a file that nobody has open, and its times as they were', async () => {
    const copy = file('kept/journal.db');
    await make('closed', copy);
    utimesSync(copy, 1, 1);
    const evidence = await openSqliteEvidence(copy);
    expect(await evidence.reader.head()).toBe(2);
    await evidence.close();
    expect(readdirSync(dirname(copy))).toEqual(['journal.db']);
    expect(statSync(copy).mtimeMs).toBe(1_000);
  });

  it('is read beside the process that writes it', async () => {
    const journal = await openSqliteJournal(file());
    await journal.commit(appendTo('s', noStream, 'E1'));
    const evidence = await openSqliteEvidence(file());
    await journal.commit(appendTo('s', any, 'E2'));
    expect(await evidence.reader.head()).toBe(2);
    await evidence.close();
    await journal.close();
  });

  it('says so where somebody opened it while it was read as one that nobody has open', async () => {
    await make('closed', file('other/journal.db'));
    const evidence = await openSqliteEvidence(file());
    const journal = await openSqliteJournal(file());
    await journal.commit(appendTo('t', noStream, 'E'));
    await expect(evidence.close()).rejects.toMatchObject({ fault: 'locked' });
    await journal.close();
  });
});

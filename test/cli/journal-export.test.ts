import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import type { Journal } from '../../journal/port.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { appendTo, any, commitOf, eventOf } from '../journal/controls.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

/** A journal of 2,500 events and a checkpoint at 2,400 leaves its database as text, and comes back on another one. */

const database = useDatabase();
const folder = temporaryFolder();
afterAll(folder.remove);
beforeEach(() => void vi.stubEnv('PGPASSWORD', PASSWORD));
afterEach(() => vi.unstubAllEnvs());

const file = (name: string): string => join(folder.path, name);

async function cpns(...argv: readonly string[]): Promise<readonly [code: number, stdout: string, stderr: string]> {
  const host = new FakeHost(folder.path);
  return [await host.run('journal', ...argv), host.stdout, host.stderr];
}

async function fill(journal: Journal, from: number, to: number): Promise<void> {
  const events = Array.from({ length: to - from }, (_, i) => eventOf('E', { data: { i: from + i, text: 'ü\u2028"' } }));
  await journal.commit(commitOf({ appends: [{ stream: 'pn/home', expected: any, events }] }));
  await journal.commit(appendTo('pn/office', any, 'Other'));
  await journal.close();
}

let copies = 0;
/** Where a copy goes, as it is named on the command line. */
async function empty(kind: 'SQLite' | 'PostgreSQL'): Promise<string> {
  return kind === 'SQLite' ? `copy-${++copies}.sqlite` : (await database.url()).replace(`:${PASSWORD}`, '');
}

const KINDS = ['SQLite', 'PostgreSQL'] as const;

describe('cpns journal export and import', () => {
  let text = '';

  test('give the same bytes from SQLite and from PostgreSQL, whichever it came from', async () => {
    await fill(await openSqliteJournal(file('server.sqlite')), 0, 2_399);
    expect((await cpns('key', 'op.key', '--name', 'cpns/example'))[0]).toBe(0);
    expect((await cpns('checkpoint', '--journal', 'server.sqlite', '--key', 'op.key'))[0]).toBe(0);
    await fill(await openSqliteJournal(file('server.sqlite')), 2_400, 2_498);
    expect(await cpns('export', '--journal', 'server.sqlite', '-o', 'server.jsonl')).toEqual([0, '', '']);
    text = readFileSync(file('server.jsonl'), 'utf8');
    expect(statSync(file('server.jsonl')).mode & 0o777).toBe(0o600);
    expect(existsSync(file('server.jsonl.part'))).toBe(false);
    for (const kind of KINDS) {
      const copy = await empty(kind);
      const [code, said] = await cpns('import', 'server.jsonl', '--journal', copy);
      expect(code).toBe(0);
      expect(said).toMatch(/^imported\n2500 events, root .+\n.*it carries no keys/);
      const [, exported] = await cpns('export', '--journal', copy);
      expect(exported === text).toBe(true);
      const [whole, verified] = await cpns('verify', '--journal', copy, '--key', 'op.key.pub');
      expect([whole, verified]).toEqual([0, expect.stringContaining('cpns/example signed the first 2400 events')]);
      expect((await cpns('import', 'server.jsonl', '--journal', copy))[1]).toMatch(/^nothing to do/);
    }
  });

  test.each(KINDS)('on %s an import goes on where it broke off, and a role can work with the copy', async (kind) => {
    const copy = await empty(kind);
    expect((await cpns('export', '--journal', 'server.sqlite', '--to', '1234', '-o', 'part.jsonl'))[0]).toBe(0);
    expect((await cpns('import', 'part.jsonl', '--journal', copy))[0]).toBe(0);
    const [, json] = await cpns('import', 'server.jsonl', '--journal', copy, '--json');
    expect(JSON.parse(json)).toMatchObject({ outcome: 'wentOn', events: 2_500 });
    expect((await cpns('export', '--journal', copy))[1] === text).toBe(true);
    const journal = kind === 'SQLite' ? await openSqliteJournal(file(copy)) : await openPostgresJournal(copy);
    const result = await journal.commit(appendTo('pn/home', { kind: 'exactly', version: 2_497 }, 'Next'));
    await journal.close();
    expect(result).toMatchObject({ kind: 'committed', events: [{ position: 2_501, version: 2_498 }] });
    const [code, , stderr] = await cpns('import', 'server.jsonl', '--journal', copy);
    expect([code, stderr]).toEqual([1, expect.stringContaining('it holds 2501 events of its own')]);
  });

  test('a part begins with the edge of the tree before it, and is not imported', async () => {
    expect((await cpns('export', '--journal', 'server.sqlite', '--from', '2001', '-o', 'end.jsonl'))[0]).toBe(0);
    const lines = readFileSync(file('end.jsonl'), 'utf8').trimEnd().split('\n');
    const whole = text.trimEnd().split('\n');
    expect(lines.slice(1)).toEqual(whole.slice(2_001));
    const copy = await empty('SQLite');
    const [code, , stderr] = await cpns('import', 'end.jsonl', '--journal', copy);
    expect([code, stderr]).toEqual([2, expect.stringContaining('begins at position 2001')]);
    expect(existsSync(file(copy))).toBe(false);
  });

  test('a damaged file is refused with its first bad line, and no journal is made', async () => {
    writeFileSync(file('damaged.jsonl'), text.replace('{\\"i\\":1776,', '{\\"i\\":1777,'));
    const copy = await empty('SQLite');
    const [code, , stderr] = await cpns('import', 'damaged.jsonl', '--journal', copy);
    expect(code).toBe(2);
    expect(stderr).toMatch(/damaged\.jsonl, line 1778: the event at position 1777 is not what its leaf hash/);
    expect(existsSync(file(copy))).toBe(false);
    writeFileSync(file('cut.jsonl'), text.slice(0, text.length / 2));
    expect((await cpns('import', 'cut.jsonl', '--journal', copy))[2]).toMatch(
      /cut\.jsonl, line \d+: .* it was cut off/,
    );
    expect((await cpns('import', 'absent.jsonl', '--journal', copy))[2]).toContain('there is no such file');
  });

  test('what is not there is not exported', async () => {
    const [code, , stderr] = await cpns('export', '--journal', 'server.sqlite', '--to', '2501');
    expect([code, stderr]).toEqual([2, expect.stringContaining('The journal has events 1 to 2500, not 1 to 2501')]);
    const [unwritable, , why] = await cpns('export', '--journal', 'server.sqlite', '-o', 'absent/x');
    expect([unwritable, why]).toEqual([2, expect.stringContaining('cannot be written')]);
  });
});

import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { appendTo, commitOf, eventOf, noStream } from '../journal/controls.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

/** A journal of 300 events, and what an operator and an auditor do with it. */

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  folder = temporaryFolder();
  const journal = await openSqliteJournal(join(folder.path, 'server.sqlite'));
  const events = Array.from({ length: 300 }, (_, i) => eventOf('E', { data: { i } }));
  await journal.commit(commitOf({ appends: [{ stream: 'pn/home', expected: noStream, events }] }));
  await journal.close();
});
afterEach(() => folder.remove());

async function cpns(...argv: readonly string[]): Promise<readonly [code: number, stdout: string, stderr: string]> {
  const host = new FakeHost(folder.path);
  return [await host.run('journal', ...argv), host.stdout, host.stderr];
}
const file = (name: string): string => join(folder.path, name);
const JOURNAL = ['--journal', 'server.sqlite'] as const;
const PUBLIC = ['--key', 'op.key.pub'] as const;

async function sign(): Promise<string> {
  const [code, note] = await cpns('checkpoint', ...JOURNAL, '--key', 'op.key');
  expect(code).toBe(0);
  return note;
}
beforeEach(async () => {
  expect((await cpns('key', 'op.key', '--name', 'cpns/example'))[0]).toBe(0);
});

async function grow(): Promise<void> {
  const journal = await openSqliteJournal(file('server.sqlite'));
  await journal.commit(appendTo('pn/office', noStream, 'A', 'B'));
  await journal.close();
}

function tamper(sql: string): void {
  const database = new DatabaseSync(file('server.sqlite'));
  database.exec(sql);
  database.close();
}

describe('cpns journal', () => {
  test('signs what the journal is, and finds it whole', async () => {
    const note = await sign();
    expect(note.split('\n').slice(0, 2)).toEqual(['cpns/example', '300']);
    expect(await sign()).toBe(note);
    const [code, text, progress] = await cpns('verify', ...JOURNAL, ...PUBLIC);
    expect([code, progress]).toEqual([0, '']);
    expect(text).toContain('301 events');
    expect(text).toContain('cpns/example signed the first 300 events\nwhole');
    const [, stat] = await cpns('stat', ...JOURNAL, '--json');
    expect(JSON.parse(stat)).toMatchObject({ events: 301, signedUpTo: 300 });
  });

  test('names the event that was changed, and ends with exit code 1', async () => {
    await sign();
    tamper(`update events set data = '{"i":1}' where position = 42`);
    const [code, text] = await cpns('verify', ...JOURNAL, ...PUBLIC);
    expect(code).toBe(1);
    expect(text.split('\n')[0]).toBe('position 42: changed: the event is not what its leaf hash was taken of');
    expect(text).toContain('position 300: rewritten: the checkpoint at position 301 signs another root');
    const [, json] = await cpns('verify', ...JOURNAL, ...PUBLIC, '--json');
    const { faults }: { readonly faults: readonly { readonly kind: string; readonly position: number }[] } =
      JSON.parse(json);
    expect(faults.map(({ kind, position }) => `${kind} ${position}`)).toEqual([
      'changed 42',
      'tree 256',
      'rewritten 300',
      'tree 301',
    ]);
  });

  test('finds an older copy of the journal by a checkpoint that was kept elsewhere', async () => {
    copyFileSync(file('server.sqlite'), file('older.sqlite'));
    await grow();
    writeFileSync(file('kept.note'), await sign());
    const brought = ['--checkpoint', 'kept.note', ...PUBLIC] as const;
    expect((await cpns('verify', ...JOURNAL, ...brought))[0]).toBe(0);
    const [code, text] = await cpns('verify', '--journal', 'older.sqlite', ...brought);
    expect(code).toBe(1);
    expect(text).toContain('position 300: truncated: the checkpoint kept.note covers 302 events, and 300 are there');
  });

  test('gives a receipt for an event, which is checked without any journal', async () => {
    await sign();
    expect((await cpns('prove', ...JOURNAL, '--position', '17', '-o', 'r.tlog-proof'))[0]).toBe(0);
    const [code, text] = await cpns('verify', '--receipt', 'r.tlog-proof', ...PUBLIC);
    expect(code).toBe(0);
    expect(text).toContain('valid: cpns/example signed 300 events, and at position 17 this one:\ncpns-event/1\n17\n');
    const receipt = readFileSync(file('r.tlog-proof'), 'utf8');
    const leaf = /extra (\S+)/.exec(receipt)?.[1] ?? '';
    const other = Buffer.from(leaf, 'base64').toString().replace('{"i":16}', '{"i":99}');
    writeFileSync(file('forged'), receipt.replace(leaf, Buffer.from(other).toString('base64')));
    expect(await cpns('verify', '--receipt', 'forged', ...PUBLIC)).toEqual([1, 'not valid: notIncluded\n', '']);
  });

  test('proves that the journal only grew', async () => {
    await grow();
    const [code, text] = await cpns('prove', ...JOURNAL, '--from', '300');
    expect([code, JSON.parse(text)]).toMatchObject([0, { from: 300, to: 302 }]);
  });

  test.each([
    [['checkpoint', ...JOURNAL, '--key', 'absent'], 'cannot be read', 'Check the path'],
    [
      ['prove', ...JOURNAL, '--position', '17'],
      'No checkpoint of the journal covers position 17',
      'cpns journal checkpoint',
    ],
    [['prove', ...JOURNAL], 'Say what to prove', '--position'],
    [['prove', ...JOURNAL, '--from', '9999'], 'The journal has 300 events', 'Name a size'],
    [['verify', ...JOURNAL, '--checkpoint', 'op.key'], 'without the key', '--key'],
    [['verify', ...JOURNAL, '--key', 'op.key'], 'holds no public key', '.pub'],
    [['verify', '--journal', 'absent', ...PUBLIC], 'absent', ''],
    [['key', 'op.key', '--name', 'cpns/example'], 'There is a file', 'move it away'],
    [['key', 'new.key', '--name', 'two words'], 'cannot name a key', 'white space'],
  ])('%j is refused with a remedy', async (argv, problem, remedy) => {
    const [code, stdout, stderr] = await cpns(...argv);
    expect([code === 0, stdout]).toEqual([false, '']);
    expect(stderr).toContain(problem);
    expect(stderr).toContain(remedy);
  });

  test('refuses a key that others may read', async () => {
    chmodSync(file('op.key'), 0o644);
    const [code, , stderr] = await cpns('checkpoint', ...JOURNAL, '--key', 'op.key');
    expect(code).toBe(2);
    expect(stderr).toContain('chmod 600');
  });
});

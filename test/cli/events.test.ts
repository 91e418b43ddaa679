import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Commit, NewEvent } from '../../journal/port.ts';
import { openSqliteJournal, openSqliteReader } from '../../journal/sqlite/open.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const folder = temporaryFolder();
const file = join(folder.path, 'server.sqlite');
afterAll(folder.remove);

const event = (type: string, correlationId: string, data: NewEvent['data'] = {}): NewEvent => ({
  type,
  schemaVersion: 1,
  data,
  meta: {
    messageId: `m-${type}-${correlationId}`,
    correlationId,
    causationId: null,
    role: 'server',
    chart: { id: 'cpns-server/registration', hash: 'h' },
    crStep: '1.4.1/3',
    recordedAt: '2026-11-23T04:00:00.123Z',
  },
});

const commitOf = (stream: string, ...events: readonly NewEvent[]): Commit => ({
  messageKey: null,
  appends: [{ stream, expected: { kind: 'any' }, events }],
  outbox: { put: [], settle: [] },
  answers: [],
  timers: { arm: [], disarm: [] },
  keys: { put: [], drop: [] },
});

async function append(path: string, ...commits: readonly Commit[]): Promise<void> {
  const journal = await openSqliteJournal(path);
  for (const commit of commits) await journal.commit(commit);
  await journal.close();
}

beforeAll(async () => {
  await append(
    file,
    commitOf('registration/home/lamp', event('PneAuthenticated', 'one', { deviceId: 'lamp', verdict: 'right' })),
    commitOf('pn/home', event('InventoryUpdated', 'one', { revision: 7, note: 'a b', odd: '\u001b[2J\u202Ex' })),
    commitOf('registration/home/plug', event('PneAuthenticated', 'two')),
  );
});

async function printed(...flags: readonly string[]): Promise<readonly string[]> {
  const host = new FakeHost(folder.path);
  expect([await host.run('events', '--journal', file, ...flags), host.stderr]).toEqual([0, '']);
  return host.stdout.split('\n').slice(0, -1);
}

const positions = (lines: readonly string[]): readonly number[] =>
  lines.map((line) => Number(line.trim().split(' ')[0]));

describe('cpns events', () => {
  test('prints a line for people for each event, columns aligned', async () => {
    expect(await printed()).toEqual([
      '1  2026-11-23T04:00:00.123Z  registration/home/lamp  1  PneAuthenticated  1.4.1/3  deviceId=lamp verdict=right',
      String.raw`2  2026-11-23T04:00:00.123Z  pn/home                 1  InventoryUpdated  1.4.1/3  revision=7 note="a b" odd=` +
        String.raw`\u{1b}[2J\u{202e}x`,
      '3  2026-11-23T04:00:00.123Z  registration/home/plug  1  PneAuthenticated  1.4.1/3',
    ]);
  });

  test('prints the whole event as JSON', async () => {
    const reader = await openSqliteReader(file);
    const stored = await reader.readAll();
    await reader.close();
    expect((await printed('--json')).map((line): unknown => JSON.parse(line))).toEqual(stored);
  });

  test.each([
    [['--stream', 'pn/home'], [2]],
    [
      ['--type', 'PneAuthenticated'],
      [1, 3],
    ],
    [
      ['--correlation', 'one'],
      [1, 2],
    ],
    [['--correlation', 'one', '--stream', 'pn/home'], [2]],
    [
      ['--after', '1'],
      [2, 3],
    ],
    [['--after', '1', '--type', 'PneAuthenticated'], [3]],
    [['--type', 'PneAuthenticated', '--limit', '1'], [1]],
    [['--stream', 'registration/home/plug', '--after', '2', '--limit', '1'], [3]],
    [['--limit', '0'], []],
  ])('filters before it limits: %j', async (flags, expected) => {
    expect(positions(await printed(...flags))).toEqual(expected);
  });

  test('follows what is appended by another, until Ctrl-C', async () => {
    const followed = join(folder.path, 'followed.sqlite');
    await append(followed, commitOf('pn/a', event('First', 'x')));
    const host = new FakeHost(folder.path);
    const ended = host.run('events', '--journal', followed, '--follow');
    await expect.poll(() => host.stdout).toContain('First');
    await append(followed, commitOf('pn/a', event('Second', 'x')), commitOf('pn/a', event('Third', 'x')));
    await expect.poll(() => host.stdout).toContain('Third');
    host.send('SIGINT');
    expect(await ended).toBe(0);
    expect(positions(host.stdout.trimEnd().split('\n'))).toEqual([1, 2, 3]);
    expect(host.listeners).toBe(0);
  });

  test('with --follow and --limit it ends by itself', async () => {
    expect(positions(await printed('--follow', '--limit', '2'))).toEqual([1, 2]);
  });

  test('stops when nobody reads any more', async () => {
    const host = new FakeHost(folder.path);
    host.writesTaken = 0;
    expect(await host.run('events', '--journal', file, '--follow')).toBe(0);
  });

  test('a journal that is not there is wrong input', async () => {
    const host = new FakeHost(folder.path);
    expect(await host.run('events', '--journal', 'none.sqlite')).toBe(2);
    expect(host.stderr).toMatch(/^cpns: There is no journal .*none\.sqlite\. .+\n$/);
  });

  test('without a journal it says how to name one', async () => {
    const host = new FakeHost(folder.path);
    expect(await host.run('events')).toBe(2);
    expect(host.stderr).toBe('cpns: No journal is given. Name its file or database with --journal or CPNS_JOURNAL.\n');
  });
});

describe('as a process', () => {
  const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
  const start = (...argv: readonly string[]) =>
    spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `const { main } = await import(${JSON.stringify(main)}); process.exitCode = await main(process.argv.slice(1));`,
      '--',
      ...argv,
    ]);

  test('Ctrl-C ends it with exit code 0', async () => {
    const child = start('events', '--journal', file, '--follow');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a pipe that is closed early is no failure', async () => {
    const large = join(folder.path, 'large.sqlite');
    const many = Array.from({ length: 900 }, (_, n) => event('Padding', `c${n}`, { text: 'x'.repeat(2_000) }));
    await append(large, commitOf('pn/a', ...many), commitOf('pn/b', ...many), commitOf('pn/c', ...many));
    const child = start('events', '--journal', large, '--json');
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect([await once(child, 'exit'), errors]).toEqual([[0, null], '']);
  });
});

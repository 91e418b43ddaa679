import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadPneOptions } from '../../cli/config/pne.ts';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { any, appendTo, commitOf } from '../journal/controls.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { inventoryEvent } from '../projections/controls.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const database = useDatabase();
const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(() => vi.unstubAllEnvs());

/** With its password, and as one writes it on a command line. */
let full: string;
let address: string;
beforeAll(async () => {
  full = await database.url();
  address = full.replace(`:${PASSWORD}`, '');
  const journal = await openPostgresJournal(full);
  const event = inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]);
  await journal.commit(commitOf({ appends: [{ stream: 'pn/home', expected: any, events: [event] }] }));
  await journal.commit(appendTo('s', any, 'Other'));
  await journal.close();
});

/** Runs `cpns`; nothing that it prints may hold the password. */
async function cpns(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const host = new FakeHost(folder.path);
  const code = await host.run(...args);
  expect(host.stdout + host.stderr).not.toContain(PASSWORD);
  return { code, stdout: host.stdout, stderr: host.stderr };
}

describe('a journal on PostgreSQL', () => {
  test('is read with a password that is in neither flag nor variable but in the file that PGPASSFILE names', async () => {
    const file = join(folder.path, 'pgpass');
    writeFileSync(file, `*:*:*:cpns:${PASSWORD}\n`, { mode: 0o600 });
    vi.stubEnv('PGPASSFILE', file);
    const { code, stdout } = await cpns('events', '--journal', address, '--json');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([{ position: 1 }, { position: 2 }]);
  });

  test('is named by CPNS_JOURNAL, with the password in PGPASSWORD', async () => {
    vi.stubEnv('CPNS_JOURNAL', address);
    vi.stubEnv('PGPASSWORD', PASSWORD);
    expect((await cpns('events', '--type', 'Other')).stdout).toContain('Other');
    const rebuilt = await cpns('inventory', '--rebuild');
    expect(rebuilt).toMatchObject({ code: 0, stdout: expect.stringContaining('watch') });
  });

  test('is signed and verified like a file', async () => {
    vi.stubEnv('CPNS_JOURNAL', address);
    vi.stubEnv('PGPASSWORD', PASSWORD);
    expect((await cpns('journal', 'key', 'op.key', '--name', 'cpns/example')).code).toBe(0);
    expect((await cpns('journal', 'checkpoint', '--key', 'op.key')).stdout).toMatch(/^cpns\/example\n2\n/);
    const verified = await cpns('journal', 'verify', '--key', 'op.key.pub');
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('whole') });
    expect((await cpns('keys', 'ls')).code).toBe(0);
    expect((await cpns('charging', '--journal', address, '--json')).code).toBe(0);
  });

  test('is for one role at a time: while it runs, what would change it is refused', async () => {
    vi.stubEnv('PGPASSWORD', PASSWORD);
    const running = await openPostgresJournal(full, 'alone');
    const { code, stderr } = await cpns('inventory', '--rebuild', '--journal', address);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('another process writes it') });
    expect((await cpns('events', '--journal', address)).code).toBe(0);
    await running.close();
    expect((await cpns('inventory', '--rebuild', '--journal', address)).code).toBe(0);
  });

  test('is refused where the address on the command line, or in the variable, holds a password', async () => {
    const flag = await cpns('events', '--journal', full);
    expect(flag).toMatchObject({ code: 2, stderr: expect.stringContaining('PGPASSFILE') });
    vi.stubEnv('CPNS_JOURNAL', `${address}&password=${PASSWORD}`);
    expect(await cpns('events')).toMatchObject({ code: 2, stderr: expect.stringContaining('holds a password') });
  });

  test('with a wrong password, or without a server, says which journal it is and what to do', async () => {
    vi.stubEnv('PGPASSWORD', 'wrong');
    const wrong = await cpns('events', '--journal', address);
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^cpns: Journal postgres:\/\/cpns@\/.+PGPASSFILE/),
    });
    vi.stubEnv('PGPASSWORD', undefined);
    vi.stubEnv('PGPASSFILE', join(folder.path, 'no such file'));
    const none = await cpns('events', '--journal', address);
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('PGPASSFILE') });
    const nowhere = await cpns('events', '--journal', 'postgres://cpns@127.0.0.1:1/cpns');
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Check that the PostgreSQL server runs'),
    });
  });

  test('may hold its password in a configuration file that is for its owner alone', () => {
    const config = join(folder.path, 'pne.yaml');
    const psk = join(folder.path, 'watch.psk');
    writeFileSync(psk, `${'B'.repeat(42)}E\n`, { mode: 0o600 });
    const device = '{ deviceId: watch, pnId: home, gatewayId: hub, pskFile: watch.psk }';
    writeFileSync(config, `journal: ${full}\nkeyFile: k\ndevices:\n  - ${device}\n`);
    chmodSync(config, 0o644);
    expect(() => loadPneOptions({ config }, '/')).toThrow(/open to others: mode 0644\n.*chmod 600/);
    chmodSync(config, 0o600);
    expect(loadPneOptions({ config }, '/').journal).toBe(full);
  });
});

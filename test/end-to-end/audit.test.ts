import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { Processes } from './processes.ts';
import { GATEWAY, householdText, members, strangers } from '../cli/small-household.ts';

/** An auditor reads the journal of a CPNS Server that runs, and it goes on as if nobody had. */

const TEST_MS = 120_000;

const database = useDatabase();
const processes = new Processes();
let nats: NatsServer;
let folder: Folder;
const operator = (...names: readonly string[]): string => folder.file('operator', ...names);

beforeAll(async () => {
  nats = await startNatsServer();
});
beforeEach(async () => {
  folder = temporaryFolder();
  const household = folder.put('household.yaml', householdText([...members(4), ...strangers(1)]));
  expect((await processes.run(['provision', household, '--out', operator(), '--nats', nats.url])).code).toBe(0);
});
afterEach(async () => {
  await processes.endAll();
  folder.remove();
});
afterAll(() => nats.stop());

const register = async (id: string): Promise<void> => {
  const { stdout } = await processes.run(['pne', '--config', operator('pnes', `${id}.yaml`), '--once']);
  expect(stdout).toContain('200 registered');
};

async function audited(journal: string, env: Readonly<Record<string, string>>): Promise<void> {
  const cpns = (...args: readonly string[]) => processes.run(['replay', ...args], { env });
  const lastOf = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
  const [verdict, state, trace, lines] = await Promise.all([
    cpns('verify', journal, '--key', operator('checkpoint.key.pub')),
    cpns('state', journal),
    cpns('trace', journal, '--device', 'member-1'),
    cpns('export', journal, '--format', 'jsonl'),
  ]);
  // Nothing is signed yet, or the last events are not: that is told, and is no fault.
  expect([0, 5], verdict.stdout + verdict.stderr).toContain(verdict.code);
  expect(['CONFORMANT', 'INCOMPLETE'], verdict.stdout).toContain(lastOf(verdict.stdout));
  for (const { code, stderr } of [state, trace, lines]) expect([code, stderr]).toEqual([0, '']);
  expect(state.stdout).toMatch(/member-1 +registered/);
  expect(trace.stdout).toMatch(/^member-1 in PN home/);
}

test.each(['SQLite', 'PostgreSQL'] as const)(
  'a journal on %s is read while its server writes it, is not written to, and its server goes on',
  async (store) => {
    const address = store === 'SQLite' ? operator('server.sqlite') : (await database.url()).replace(`:${PASSWORD}`, '');
    const env = store === 'SQLite' ? {} : { PGPASSWORD: PASSWORD };
    const flags = ['--config', operator('server.yaml'), '--journal', address];
    const server = processes.start(['server', ...flags], { env });
    await server.says(/ ready /);
    const gateway = processes.start(['gateway', '--config', operator('gateways', `${GATEWAY}.yaml`)]);
    await gateway.says(/ ready /);
    await register('member-1');

    const files = store === 'SQLite' ? [address, `${address}-wal`] : [];
    const hashes = () => files.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
    // The server stands still, with its files open: whatever is written now, the auditor wrote.
    server.signal('SIGSTOP');
    const before = hashes();
    await audited(address, env);
    expect(hashes()).toEqual(before);
    server.signal('SIGCONT');

    // The same in the middle of registrations.
    const more = Promise.all(['member-2', 'member-3', 'stranger-1'].map(register));
    await audited(address, env);
    await more;
    await register('member-4');
    expect(server.isRunning).toBe(true);
    expect((await server.end('SIGTERM')).code).toBe(0);
    const { code, stdout } = await processes.run(
      ['replay', 'verify', address, '--key', operator('checkpoint.key.pub')],
      { env },
    );
    expect([code, stdout.trimEnd().split('\n').at(-1)], stdout).toEqual([0, 'CONFORMANT']);
  },
  TEST_MS,
);

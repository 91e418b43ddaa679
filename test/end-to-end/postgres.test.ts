import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { openPostgresReader } from '../../journal/postgres/open.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { temporaryFolder } from './household.ts';
import { faultsOf } from './journals.ts';
import { Processes } from './processes.ts';
import { GATEWAY, householdText, members, strangers } from '../cli/small-household.ts';

const TEST_MS = 120_000;

const database = useDatabase();
const processes = new Processes();
const operator = temporaryFolder();
let nats: NatsServer;
beforeAll(async () => {
  nats = await startNatsServer();
});
afterAll(async () => {
  await processes.endAll();
  await nats.stop();
  operator.remove();
});

test(
  'the CPNS Server on a PostgreSQL journal: registers, is killed, and goes on with what it had',
  async () => {
    const household = operator.put('household.yaml', householdText([...members(1), ...strangers(1)]));
    const out = operator.file('operator');
    expect((await processes.run(['provision', household, '--out', out, '--nats', nats.url])).code).toBe(0);
    const full = await database.url();
    const address = full.replace(`:${PASSWORD}`, '');
    const env = { CPNS_JOURNAL: address, PGPASSWORD: PASSWORD };
    const start = async () => {
      const role = processes.start(['server', '--config', `${out}/server.yaml`], { env });
      await role.says(/ ready /);
      return role;
    };
    const server = await start();
    await processes.start(['gateway', '--config', `${out}/gateways/${GATEWAY}.yaml`]).says(/ ready /);
    const pne = (id: string) => processes.start(['pne', '--config', `${out}/pnes/${id}.yaml`, '--once']).ended;
    expect((await pne('member-1')).stdout).toContain('200 registered');
    await server.end('SIGKILL');
    const again = await start();
    expect((await pne('stranger-1')).stdout).toContain('200 registered');
    const { stdout } = await processes.run(['inventory', '--nats', nats.url, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ members: [{ status: 'registered' }, { status: 'registered' }] });
    expect((await again.end('SIGTERM')).code).toBe(0);

    const reader = await openPostgresReader(full);
    const events = await reader.readAll();
    expect(faultsOf(events)).toEqual([]);
    expect(await reader.pendingOutbox()).toEqual([]);
    await reader.close();
    expect(JSON.stringify(events) + server.stderr + again.stderr).not.toContain(PASSWORD);
    expect(again.stderr).toContain('synchronous_commit');
  },
  TEST_MS,
);

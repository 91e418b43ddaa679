import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { cpSync } from 'node:fs';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import type { NodeName } from '../simulation/world.ts';
import { secretsOf, temporaryFolder } from './household.ts';
import type { Folder } from './household.ts';
import { impersonal } from './inventory.ts';
import { eventsIn, violations, type JournalFile } from './journals.ts';
import { Processes, type Process } from './processes.ts';
import { Tap } from './tap.ts';
import { until } from './until.ts';
import { GATEWAY, householdText, members, strangers, type Device } from '../cli/small-household.ts';

/** `kill -9` of each role in the middle of registrations: afterwards they complete, and nothing is lost or doubled. */

const TEST_MS = 120_000;
const DEVICES: readonly Device[] = [...members(5), ...strangers(3), { id: 'forged', member: false, secret: 'wrong' }];
const REGISTERED = DEVICES.filter(({ secret }) => secret === undefined).map(({ id }) => id);

const processes = new Processes();
let provisioned: Folder;
let nats: NatsServer;
let operator: Folder;
let tap: Tap;
const running = new Map<NodeName, Process>();
const logs: Process[] = [];

beforeAll(async () => {
  provisioned = temporaryFolder();
  const household = provisioned.put('household.yaml', householdText(DEVICES));
  const { code } = await processes.run(['provision', household, '--out', provisioned.file('operator')]);
  expect(code).toBe(0);
});
beforeEach(async () => {
  operator = temporaryFolder();
  cpSync(provisioned.file('operator'), operator.path, { recursive: true });
  nats = await startNatsServer();
  tap = new Tap(nats.url);
  await tap.listen('cpns.link.>', 'cpns.wan.>', 'cpns.events.>');
});
afterEach(async () => {
  running.clear();
  logs.length = 0;
  await processes.endAll();
  await tap.close();
  await nats.stop();
  operator.remove();
});
afterAll(() => provisioned.remove());

/** Committed is not sent: a gateway that is killed in between sends when it is back. */
const FORWARDED = `cpns.wan.up.${GATEWAY}.registration-request`;

const FILES: { readonly [node in NodeName]: readonly [folder: string, config: string] } = {
  server: ['.', 'server'],
  gateway: ['gateways', GATEWAY],
  pnes: ['.', 'pnes'],
};
const ARGS: { readonly [node in NodeName]: readonly string[] } = {
  server: ['server'],
  gateway: ['gateway'],
  pnes: ['pne', '--once', '--json'],
};
const fileOf = (node: NodeName, ending: string): string => operator.file(FILES[node][0], `${FILES[node][1]}.${ending}`);
const journal = (node: NodeName): JournalFile => ({
  node,
  journal: fileOf(node, 'sqlite'),
  keyFile: fileOf(node, 'key'),
});

function start(node: NodeName): Process {
  const process = processes.start([...ARGS[node], '--config', fileOf(node, 'yaml'), '--nats', nats.url]);
  running.set(node, process);
  logs.push(process);
  return process;
}

const role = (node: NodeName): Process => {
  const process = running.get(node);
  if (process === undefined) throw new Error(`${node} was not started`);
  return process;
};

async function kill(node: NodeName): Promise<void> {
  expect(await role(node).end('SIGKILL')).toMatchObject({ code: null, signal: 'SIGKILL' });
}

const has = (events: readonly RecordedEvent[], type: string): boolean => events.some((event) => event.type === type);
const recorded = (node: NodeName, type: string): Promise<true> =>
  until(`${type} in the journal of ${node}`, async () =>
    has(await eventsIn(journal(node).journal).catch(() => []), type),
  );

/** Server and gateway, up and with the PN established. */
async function established(): Promise<void> {
  for (const node of ['server', 'gateway'] as const) await start(node).says(/ ready /);
  await recorded('gateway', 'LocalInventoryUpdated');
}

/** Requests that the PN GW has forwarded and not answered, and how far the server is with them. */
async function openRequests(): Promise<number> {
  const [gateway, server] = [await eventsIn(journal('gateway').journal), await eventsIn(journal('server').journal)];
  const ids = (events: readonly RecordedEvent[], type: string): ReadonlySet<unknown> =>
    new Set(events.filter((event) => event.type === type).map(({ data }) => data['requestId']));
  const answered = ids(gateway, 'ResponseForwarded');
  const forwarded = [...ids(gateway, 'RegistrationForwarded')].filter((id) => !answered.has(id));
  expect(server.length).toBeGreaterThan(0);
  return forwarded.length;
}

/** Waits for the end, then ends the roles and lays everything before the invariants. */
async function completed(): Promise<void> {
  const { stdout, stderr } = await role('pnes').ended;
  const outcomes = new Map(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line): { readonly deviceId: string; readonly code: number } => JSON.parse(line))
      .map(({ deviceId, code }) => [deviceId, code]),
  );
  expect(Object.fromEntries(outcomes), stderr).toEqual({
    ...Object.fromEntries(REGISTERED.map((id) => [id, 200])),
    forged: 401,
  });
  // The last blow may have come with the last answer: who was started again is asked once it is there.
  for (const node of ['gateway', 'server'] as const) await role(node).says(/ ready /);
  const shown = async (...flags: readonly string[]): Promise<string> => {
    const answer = await processes.run(['inventory', '--nats', nats.url, '--json', ...flags]);
    expect(answer.code, answer.stderr).toBe(0);
    return answer.stdout;
  };
  const whole = await shown();
  const { members: shownMembers }: { readonly members: readonly { readonly deviceId: string }[] } = JSON.parse(whole);
  expect(shownMembers.map(({ deviceId }) => deviceId)).toEqual(REGISTERED.toSorted());
  await until('equal inventories', async () => impersonal(await shown('--gateway', GATEWAY)) === impersonal(whole));
  for (const node of ['gateway', 'server'] as const)
    expect(await role(node).end('SIGTERM')).toMatchObject({ code: 0, signal: null });
  const files = (['server', 'gateway', 'pnes'] as const).map(journal);
  const log = logs.flatMap((process) => [process.stdout, process.stderr]);
  expect(await violations(files, { sent: tap.messages, log, secrets: secretsOf(operator.path) })).toEqual([]);
}

test(
  'the server is killed with requests before it that it has not read',
  async () => {
    await established();
    role('server').signal('SIGSTOP');
    start('pnes');
    await recorded('gateway', 'RegistrationForwarded');
    await kill('server');
    expect(await openRequests()).toBeGreaterThan(0);
    start('server');
    await completed();
  },
  TEST_MS,
);

test(
  'the gateway is killed with a request under way, and the server answers nobody',
  async () => {
    await established();
    role('server').signal('SIGSTOP');
    start('pnes');
    await recorded('gateway', 'RegistrationForwarded');
    await until('the request on the wire', async () => tap.on(FORWARDED).length > 0);
    await kill('gateway');
    role('server').signal('SIGCONT');
    await recorded('server', 'RegistrationAnswered');
    expect(await openRequests()).toBeGreaterThan(0);
    start('gateway');
    await completed();
  },
  TEST_MS,
);

test(
  'the PNEs are killed with a request under way, and the gateway answers nobody',
  async () => {
    await established();
    role('server').signal('SIGSTOP');
    start('pnes');
    await recorded('gateway', 'RegistrationForwarded');
    await kill('pnes');
    role('server').signal('SIGCONT');
    await recorded('gateway', 'ResponseForwarded');
    expect(has(await eventsIn(journal('pnes').journal), 'RegistrationAccepted')).toBe(false);
    start('pnes');
    await completed();
  },
  TEST_MS,
);

/** Where each role dies in turn: as soon as this event of it is seen for the so-manieth time. */
const BLOWS: readonly (readonly [NodeName, type: string, times: number])[] = [
  ['server', 'PneAdded', 1],
  ['gateway', 'RegistrationForwarded', 2],
  ['pnes', 'RegistrationAccepted', 1],
  ['server', 'RegistrationAnswered', 4],
  ['gateway', 'ResponseForwarded', 5],
  ['server', 'SecureSessionEstablished', 4],
];
const ROLES: Readonly<Record<string, NodeName>> = { 'cpns-server': 'server', 'pn-gateway': 'gateway', pne: 'pnes' };

test(
  'blow after blow: each role is killed the moment an event of it is seen, and started again',
  async () => {
    await established();
    const left = [...BLOWS];
    const counts = new Map<string, number>();
    const struck: Promise<void>[] = [];
    tap.onEvent = (event) => {
      const key = `${ROLES[event.meta.role]} ${event.type}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const index = left.findIndex(([node, type, times]) => `${node} ${type}` === key && counts.get(key) === times);
      const [blow] = index < 0 ? [] : left.splice(index, 1);
      if (blow === undefined || !role(blow[0]).isRunning) return;
      role(blow[0]).signal('SIGKILL');
      struck.push(role(blow[0]).ended.then(() => void start(blow[0])));
    };
    start('pnes');
    await until(
      'the end of the PNEs after the last blow',
      async () => {
        await Promise.all(struck);
        return !role('pnes').isRunning;
      },
      () => logs.map(({ stderr }) => stderr).join('\n'),
    );
    tap.onEvent = () => {};
    await Promise.all(struck);
    expect(struck.length).toBeGreaterThan(2);
    await completed();
  },
  TEST_MS,
);

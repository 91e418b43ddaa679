import { isIn } from '../../machines/state.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { cpSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openKeyring } from '../../actors/roles/journal/keyring/open.ts';
import { register, startPnes } from '../../actors/start.ts';
import type { Runtime } from '../../actors/loop/runtime.ts';
import { systemClock } from '../../seams/clock.ts';
import { SeededEntropy, systemEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import { loadPneOptions } from '../../cli/config/pne.ts';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { pneRegistration } from '../../machines/pne/registration.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { secretsOf, temporaryFolder, type Folder } from './household.ts';
import { eventsIn, violations, type JournalFile } from './journals.ts';
import { Processes, type Process } from './processes.ts';
import { Tap } from './tap.ts';
import { until } from './until.ts';
import { streamOf } from '../../machines/streams.ts';

/** Several CPNS Servers on one journal: they die, pause and leave under load, and the record is as if there were one. */

const TEST_MS = 240_000;
const SERVERS = 3;
const GATEWAYS = ['hub-a', 'hub-b', 'hub-c', 'hub-d'] as const;
/** One starts so often while the servers come and go: five a second. */
const REGISTER_EVERY_MS = 200;
const CHAOS_MS = 20_000;
const DEVICES = CHAOS_MS / REGISTER_EVERY_MS;

const database = useDatabase();
const processes = new Processes();
let operator: Folder;
let provisioned: Folder;
let nats: NatsServer;
let tap: Tap;
let journal: string;
let servers: Process[] = [];
let gateways: readonly Process[] = [];

const isStranger = (index: number): boolean => index % 3 === 2;
const deviceIdOf = (index: number): string => `device-${index}`;

beforeAll(async () => {
  provisioned = temporaryFolder();
  const thing = (index: number) => ({
    vendor: 'Example',
    model: 'One',
    mac: `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`,
  });
  const household = provisioned.put(
    'household.yaml',
    JSON.stringify({
      gateways: GATEWAYS.map((id, index) => ({ id, ...thing(index) })),
      pns: GATEWAYS.map((id) => ({ id: `pn-${id}`, name: id, gateway: id, joinPolicy: 'open' })),
      pnes: Array.from({ length: DEVICES }, (_, index) => {
        const gateway = GATEWAYS[index % GATEWAYS.length];
        const id = deviceIdOf(index);
        const member = !isStranger(index);
        return { id, name: id, type: 'Thing', ...thing(index + 10), pn: `pn-${gateway}`, gateway, member };
      }),
    }),
  );
  const { code, stderr } = await processes.run(['provision', household, '--out', provisioned.file('operator')]);
  expect(code, stderr).toBe(0);
});
beforeEach(async () => {
  operator = temporaryFolder();
  cpSync(provisioned.file('operator'), operator.path, { recursive: true });
  nats = await startNatsServer();
  tap = new Tap(nats.url);
  await tap.listen('cpns.link.>', 'cpns.wan.>', 'cpns.events.>');
  journal = await database.url();
  servers = [];
});
afterEach(async ({ task }) => {
  await processes.endAll();
  await tap.close();
  await nats.stop();
  if (task.result?.state === 'fail') await keepForInquiry();
  else operator.remove();
});
afterAll(() => provisioned.remove());

/** The journals of a run that failed, and what its processes said: what came of such chaos does not come again. */
async function keepForInquiry(): Promise<void> {
  const events = await eventsIn(journal);
  operator.put('server.jsonl', events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  for (const [index, { stdout, stderr }] of [...servers, ...gateways].entries())
    operator.put(`process-${index}.log`, `${stdout}${stderr}`);
  console.error(`The journals and logs of the run that failed are kept in ${operator.path}`);
}

function startServer(): Process {
  const env = { CPNS_JOURNAL: journal.replace(`:${PASSWORD}`, ''), PGPASSWORD: PASSWORD };
  const args = ['server', '--config', operator.file('server.yaml'), '--nats', nats.url];
  const server = processes.start(args, { env });
  servers.push(server);
  return server;
}

async function startRoles(): Promise<void> {
  await Promise.all(Array.from({ length: SERVERS }, () => startServer().says(/ ready /)));
  gateways = GATEWAYS.map((id) =>
    processes.start(['gateway', '--config', operator.file('gateways', `${id}.yaml`), '--nats', nats.url]),
  );
  await Promise.all(gateways.map((gateway) => gateway.says(/ ready /)));
  await Promise.all(
    GATEWAYS.map((id) =>
      until(`the PN of ${id}`, async () =>
        (await eventsIn(operator.file('gateways', `${id}.sqlite`))).some(({ type }) => type === 'PnEstablished'),
      ),
    ),
  );
}

/** The PNEs, in this process: the load has a pace of its own. */
async function startLoad() {
  const options = loadPneOptions({ config: operator.file('pnes.yaml') }, operator.path);
  const own = await openSqliteJournal(options.journal);
  const seams = { journal: own, clock: systemClock, entropy: systemEntropy };
  const log = new RecordedLog();
  const opening = await openKeyring({ ...seams, role: 'pne' }, options.kek.keys, () => systemEntropy.bytes(32));
  if (opening.kind !== 'opened') throw new Error(`The keyring is ${opening.kind}.`);
  const wire = connectNats({ servers: nats.url, name: 'pnes', log });
  await wire.flush();
  const { keyring } = opening;
  const { runtime } = await startPnes(options.devices, { ...seams, wire, log, keyring, observers: 'publish' });
  return {
    runtime,
    devices: options.devices,
    log,
    async stop() {
      await runtime.stop();
      await wire.close();
      await own.close();
    },
  };
}

/** A device registers every `REGISTER_EVERY_MS`; the promise resolves when the last has begun. */
async function registerAll(runtime: Runtime, devices: Awaited<ReturnType<typeof startLoad>>['devices']): Promise<void> {
  for (const device of devices) {
    expect(await register(runtime, device)).toBe('taken');
    await pause(REGISTER_EVERY_MS);
  }
}

async function confirmed(runtime: Runtime, deviceId: string): Promise<boolean> {
  const { value } = await runtime.state(pneRegistration, streamOf('pne/registration', { deviceId }));
  return isIn(value, 'registration.registered.settled') && isIn(value, 'session.established');
}

/** A device that was unlucky again and again waits for a minute and longer before it asks once more. */
const CONFIRMED_WITHIN_MS = 120_000;

/** Who gave up, in the time that nobody served it, is told again, as a person would. */
async function allConfirmed({ runtime, devices }: Awaited<ReturnType<typeof startLoad>>): Promise<number> {
  const endAt = Date.now() + CONFIRMED_WITHIN_MS;
  let again = 0;
  for (;;) {
    const open: string[] = [];
    for (const device of devices) {
      if (await confirmed(runtime, device.deviceId)) continue;
      const { value, context } = await runtime.state(
        pneRegistration,
        streamOf('pne/registration', { deviceId: device.deviceId }),
      );
      open.push(`${device.deviceId} ${JSON.stringify(value)} ${context.code}`);
      if (isIn(value, 'registration.timedOut') && (await register(runtime, device)) === 'taken') again += 1;
    }
    if (open.length === 0) return again;
    if (Date.now() > endAt) {
      const told = servers.map(({ stderr }) => stderr.slice(-1_000));
      throw new Error(`Not in their sessions: ${open.join('; ')}\n${told.join('\n---\n')}`);
    }
    await pause(100);
  }
}

const idOf = (server: Process | undefined): string => / ready .*\bid=(\w+)/.exec(server?.stderr ?? '')?.[1] ?? '?';

const isOf =
  (gatewayId: string) =>
  ({ subject }: { readonly subject: string }): boolean =>
    subject.split('.').includes(gatewayId);

const count = (events: readonly RecordedEvent[], type: string, code?: number): number =>
  events.filter((event) => event.type === type && (code === undefined || event.data['code'] === code)).length;

/** Ends the roles, and lays the whole record before the invariants. */
async function judged(load: Awaited<ReturnType<typeof startLoad>>) {
  await load.stop();
  const running = servers.filter(({ isRunning }) => isRunning);
  for (const role of [...gateways, ...running])
    expect(await role.end('SIGTERM'), role.stderr.slice(-2_000)).toMatchObject({ code: 0, signal: null });
  const keyFile = (...names: readonly string[]): string => operator.file(...names);
  const log = [...servers, ...gateways].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  const secrets = secretsOf(operator.path);
  for (const id of GATEWAYS) {
    const [ofGateway, sent] = [operator.file('gateways', `${id}.sqlite`), tap.messages.filter(isOf(id))];
    const files: readonly JournalFile[] = [
      { node: 'server', journal, keyFile: keyFile('server.key') },
      { node: 'gateway', journal: ofGateway, keyFile: keyFile('gateways', `${id}.key`) },
      { node: 'pnes', journal: operator.file('pnes.sqlite'), keyFile: keyFile('pnes.key') },
    ];
    expect(await violations(files, { sent, log, secrets }), id).toEqual([]);
  }
  const events = await eventsIn(journal);
  for (let index = 0; index < DEVICES; index++) {
    const stream = `registration/pn-${GATEWAYS[index % GATEWAYS.length]}/${deviceIdOf(index)}`;
    expect(
      count(
        events.filter((event) => event.stream === stream),
        'CpnsIdAllocated',
      ),
      stream,
    ).toBeGreaterThan(0);
  }
  return events;
}

function figures(title: string, seed: string, events: readonly RecordedEvent[], again: number): void {
  const told = servers.flatMap(({ stderr }) => stderr.split('\n'));
  const lines = (pattern: RegExp): number => told.filter((line) => pattern.test(line)).length;
  console.log(
    `${title}: seed ${seed}; ${servers.length} servers in all, ${lines(/the ring has changed/)} changes of a ring seen; ` +
      `${count(events, 'RegistrationAnswered', 200)} registrations of ${DEVICES} devices answered 200, ` +
      `${count(events, 'RegistrationAnswered') - count(events, 'RegistrationAnswered', 200)} refused, ` +
      `${again} begun again after a time-out; ${events.length} events`,
  );
}

test(
  'three servers, of which one is killed and another started every second for 20 s: each registration has one outcome, and the record holds',
  async () => {
    const seed = process.env['CPNS_SEED'] ?? String(process.pid);
    const draw = new SeededEntropy(seed);
    await startRoles();
    const load = await startLoad();
    const registering = registerAll(load.runtime, load.devices);
    const endAt = Date.now() + CHAOS_MS;
    let kills = 0;
    while (Date.now() < endAt) {
      const running = servers.filter(({ isRunning }) => isRunning);
      const victim = running[(draw.bytes(1)[0] ?? 0) % running.length];
      victim?.signal('SIGKILL');
      kills += 1;
      startServer();
      await pause(1_000);
    }
    await registering;
    const again = await allConfirmed(load);
    const events = await judged(load);
    expect(kills).toBeGreaterThanOrEqual(15);
    figures('killed', seed, events, again);
  },
  TEST_MS,
);

test(
  'one server stands still for longer than its lease and wakes up late, another leaves on SIGTERM: neither is noticed in the record',
  async () => {
    await startRoles();
    const load = await startLoad();
    const registering = registerAll(load.runtime, load.devices);
    const [sleeper, leaver] = servers;
    await pause(1_000);
    sleeper?.signal('SIGSTOP');
    await pause(6_000);
    sleeper?.signal('SIGCONT');
    await sleeper?.says(/the lease had run out/);
    const left = Date.now();
    expect(await leaver?.end('SIGTERM'), leaver?.stderr).toMatchObject({ code: 0, signal: null });
    await until('the ring of those that stay', () =>
      servers.slice(2).some(({ stderr }) => stderr.includes(`left=${idOf(leaver)}`)),
    );
    const tookOverMs = Date.now() - left;
    await startServer().says(/ ready /);
    await registering;
    const again = await allConfirmed(load);
    const events = await judged(load);
    figures(`paused and left (taken over ${tookOverMs} ms after SIGTERM)`, 'none', events, again);
  },
  TEST_MS,
);

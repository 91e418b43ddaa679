import { appendFileSync, cpSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import { filesBelow, temporaryFolder } from './household.ts';
import type { Folder } from './household.ts';
import { impersonal } from './inventory.ts';
import { eventsIn, violations } from './journals.ts';
import { Processes, type Process } from './processes.ts';
import { until } from './until.ts';
import { GATEWAY, householdText, members, PN, strangers, type Device } from '../cli/small-household.ts';

/** The roles one by one, as they are deployed: a provisioned directory, a nats-server, a process for each. */

const TEST_MS = 120_000;
const DEVICES: readonly Device[] = [
  ...members(4),
  ...strangers(2),
  { id: 'forged', member: true, secret: 'wrong' },
  { id: 'lost', member: false, pn: 'nowhere', expect: 404 },
];

const processes = new Processes();
let provisioned: Folder;
let nats: NatsServer;
/** A copy of the provisioned directory: each test starts from nothing. */
let operator: Folder;

beforeAll(async () => {
  provisioned = temporaryFolder();
  nats = await startNatsServer();
  const household = provisioned.put('household.yaml', householdText(DEVICES));
  const args = ['provision', household, '--out', provisioned.file('operator'), '--nats', nats.url];
  const { code, stdout } = await processes.run(args);
  expect(code).toBe(0);
  expect(stdout).toMatch(/ created\n$/);
});
beforeEach(() => {
  operator = temporaryFolder();
  cpSync(provisioned.file('operator'), operator.path, { recursive: true });
});
afterEach(async () => {
  await processes.endAll();
  operator.remove();
});
afterAll(async () => {
  await nats.stop();
  provisioned.remove();
});

const server = (...flags: readonly string[]): Process =>
  processes.start(['server', '--config', operator.file('server.yaml'), ...flags]);
const gateway = (...flags: readonly string[]): Process =>
  processes.start(['gateway', '--config', operator.file('gateways', `${GATEWAY}.yaml`), ...flags]);
const pne = (...flags: readonly string[]): Process => processes.start(['pne', ...flags]);
const one = (id: string): readonly string[] => ['--config', operator.file('pnes', `${id}.yaml`)];
const all = (): readonly string[] => ['--config', operator.file('pnes.yaml')];
const inventory = (...flags: readonly string[]) => processes.run(['inventory', '--nats', nats.url, ...flags]);
const events = (...flags: readonly string[]): Process => processes.start(['events', ...flags]);
const serverJournal = (): string => operator.file('server.sqlite');

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

test(
  'server, gateway and PNEs as processes of their own: registered, shown, recorded, ended',
  async () => {
    const roles = [server(), gateway()];
    for (const role of roles) await role.says(/ ready /);

    const member = await pne(...one('member-1'), '--once').ended;
    expect(member.stdout).toMatch(
      /^member-1 {2}200 registered {2}cpns-[a-z2-7]{26} {2}key \S{22} {2}secure session confirmed\n$/,
    );
    expect(member.code).toBe(0);
    const stranger = await pne(...one('stranger-1'), '--once', '--json').ended;
    expect(JSON.parse(stranger.stdout)).toMatchObject({ deviceId: 'stranger-1', code: 200 });
    expect(stranger.code).toBe(0);
    const forged = await pne(...one('forged'), '--once').ended;
    expect(forged).toMatchObject({ code: 1, stdout: 'forged  401 authentication failed\n' });
    const lost = await pne(...one('lost'), '--once').ended;
    expect(lost).toMatchObject({ code: 1, stdout: 'lost  404 no such PN\n' });
    const again = await pne(...one('member-1'), '--once').ended;
    expect(again).toMatchObject({ code: 0, stdout: member.stdout });

    const json = await inventory('--json');
    expect(json).toMatchObject({ code: 0, stderr: '' });
    const home: { readonly members: readonly { readonly deviceId: string; readonly status: string }[] } = JSON.parse(
      json.stdout,
    );
    expect(home.members.map(({ deviceId, status }) => `${deviceId} ${status}`)).toEqual([
      'forged member',
      'member-1 registered',
      'member-2 member',
      'member-3 member',
      'member-4 member',
      'stranger-1 registered',
    ]);
    await until(
      'equal inventories',
      async () => impersonal((await inventory('--json', '--gateway', GATEWAY)).stdout) === impersonal(json.stdout),
    );
    const text = await inventory('--pn', PN);
    expect(text.stdout).toMatch(/^PN home, revision \d+, 6 PNEs\n {2}forged +member/);
    const unknown = await inventory('--pn', 'elsewhere');
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toBe("cpns: There is no PN 'elsewhere'. cpns inventory lists the PNs there are.\n");

    const charging = await processes.run(['charging', '--nats', nats.url]);
    expect(charging).toMatchObject({ code: 0, stdout: 'no usage\n', stderr: '' });

    const recorded = await events('--journal', serverJournal(), '--json').ended;
    const seen = linesOf(recorded.stdout).map((line): RecordedEvent => JSON.parse(line));
    expect(seen.map(({ position }) => position)).toEqual(seen.map((_, index) => index + 1));
    const authenticated = await events('--journal', serverJournal(), '--type', 'PneAuthenticated').ended;
    expect(linesOf(authenticated.stdout)).toHaveLength(2);
    expect(authenticated.stdout).toMatch(/registration\/home\/member-1 +\d+ +PneAuthenticated +1\.4\.1\/3/);

    const locked = await inventory('--rebuild', '--journal', serverJournal());
    expect(locked).toMatchObject({ code: 1, stdout: '' });
    expect(locked.stderr).toMatch(/another process writes it\. Stop the other process/);

    for (const role of roles) expect(await role.end('SIGTERM')).toMatchObject({ code: 0, signal: null });
    const rebuilt = await inventory('--rebuild', '--journal', serverJournal(), '--json');
    // Without the key file what is personal stays sealed; all else is what was shown.
    expect([rebuilt.code, impersonal(rebuilt.stdout)]).toEqual([0, impersonal(json.stdout)]);
    const local = await inventory('--rebuild', '--journal', operator.file('gateways', `${GATEWAY}.sqlite`), '--json');
    expect([local.code, impersonal(local.stdout)]).toEqual([0, impersonal(json.stdout)]);

    const files = filesBelow(operator.path);
    expect(files.filter((file) => (statSync(file).mode & 0o777) !== 0o600)).toEqual([]);
    expect(files.filter((file) => file.endsWith('.sqlite'))).toHaveLength(6);
  },
  TEST_MS,
);

test(
  'events are followed while a registration runs, and Ctrl-C ends each role with exit code 0',
  async () => {
    const roles = [server(), gateway()];
    for (const role of roles) await role.says(/ ready /);
    const following = events(
      '--journal',
      serverJournal(),
      '--stream',
      'registration/home/member-2',
      '--follow',
      '--json',
    );
    const staying = pne(...one('member-2'), '--log', 'json');
    await staying.says(/^member-2 {2}200 registered/m);
    await following.says(/"type":"SecureSessionEstablished"/);
    const seen = following.lines.map((line): RecordedEvent => JSON.parse(line));
    expect(seen.map(({ type }) => type)).toEqual([
      'RegistrationRequestReceived',
      'PneAuthenticated',
      'CpnsIdAllocated',
      'RegistrationAnswered',
      'SecureSessionEstablished',
    ]);
    for (const role of [following, staying, ...roles.toReversed()]) {
      const { code, signal, stderr } = await role.end('SIGINT');
      expect({ code, signal }, stderr).toEqual({ code: 0, signal: null });
    }
    const log: readonly { readonly level: string }[] = linesOf(staying.stderr).map((line) => JSON.parse(line));
    expect(log.map(({ level }) => level).filter((level) => level !== 'info')).toEqual([]);
  },
  TEST_MS,
);

test(
  'a second server on the same journal is told who is in the way',
  async () => {
    const first = server();
    await first.says(/ ready /);
    const second = await server().ended;
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toBe(
      `cpns: Journal ${serverJournal()}: another process writes it. ` +
        'Stop the other process that uses this journal, or give this one its own file.\n',
    );
    expect(first.isRunning).toBe(true);
  },
  TEST_MS,
);

test(
  'nobody there to answer, a file of secrets that others can read, a setting that is missing: each says what to do',
  async () => {
    const nobody = await inventory();
    expect(nobody).toMatchObject({ code: 1, stdout: '' });
    expect(nobody.stderr).toMatch(/^cpns: nobody answers on cpns\.query\.inventory\. Start the role/m);
    const missing = await processes.run(['gateway', '--nats', nats.url]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('gatewayId: is missing');
    appendFileSync(operator.file('server.yaml'), 'color: blue\n');
    const unknown = await server().ended;
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/server\.yaml:\d+:1: unknown field "color"/);
  },
  TEST_MS,
);

test(
  'roles that are up before nats-server wait for it; when it is killed midway and comes back, registrations complete',
  async () => {
    const late = await startNatsServer();
    await late.kill();
    const at = ['--nats', late.url];
    const roles = [server(...at), gateway(...at)];
    const pnes = pne(...all(), ...at, '--once', '--json');
    for (const role of [...roles, pnes]) await role.says(/cannot connect to NATS, trying on/);

    const first = await startNatsServer({ port: late.port });
    try {
      // The server stands still, so that registrations are under way when the wire is cut.
      await roles[1]?.says(/NATS connected/);
      const forwarded = async (): Promise<boolean> =>
        (await eventsIn(operator.file('gateways', `${GATEWAY}.sqlite`))).some(
          ({ type }) => type === 'RegistrationForwarded',
        );
      await until('a PN that is established', async () =>
        (await eventsIn(operator.file('gateways', `${GATEWAY}.sqlite`))).some(({ type }) => type === 'PnEstablished'),
      );
      roles[0]?.signal('SIGSTOP');
      await until('a registration under way', forwarded);
    } finally {
      await first.kill();
    }
    roles[0]?.signal('SIGCONT');
    expect(pnes.lines.length).toBeLessThan(DEVICES.length);
    for (const role of [...roles, pnes]) await role.says(/NATS disconnected/);
    const second = await startNatsServer({ port: late.port });
    try {
      const { stdout } = await pnes.ended;
      const outcomes = linesOf(stdout).map((line): { readonly deviceId: string; readonly code: number } =>
        JSON.parse(line),
      );
      const codes = new Map(outcomes.map(({ deviceId, code }) => [deviceId, code]));
      expect(codes.size).toBe(DEVICES.length);
      for (const { id, secret, expect: wanted = 200 } of DEVICES) {
        expect(codes.get(id), id).toBe(secret === 'wrong' ? 401 : wanted);
      }
      for (const role of roles) expect(await role.end('SIGTERM')).toMatchObject({ code: 0 });
      const files = [
        { node: 'server', journal: serverJournal(), keyFile: operator.file('server.key') },
        {
          node: 'gateway',
          journal: operator.file('gateways', `${GATEWAY}.sqlite`),
          keyFile: operator.file('gateways', `${GATEWAY}.key`),
        },
        { node: 'pnes', journal: operator.file('pnes.sqlite'), keyFile: operator.file('pnes.key') },
      ] as const;
      expect(await violations(files, { sent: [], log: [], secrets: [] })).toEqual([]);
    } finally {
      await second.stop();
    }
  },
  TEST_MS,
);

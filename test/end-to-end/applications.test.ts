import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { auditOf } from './auditor.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { Processes, type Exit, type Process } from './processes.ts';
import { eventsIn } from './journals.ts';
import { until } from './until.ts';
import { GATEWAY, householdText, members } from '../cli/small-household.ts';

/** Messages between devices and services, each end a process of its own, through a PN GW and a server that are two more. */

const TEST_MS = 120_000;
const processes = new Processes();
let folder: Folder;
let nats: NatsServer;
let server: Process;
let echo: Process;

const config = (...names: readonly string[]): readonly string[] => [
  '--config',
  folder.file('operator', ...names),
  '--nats',
  nats.url,
];
/** Keys change within one large message, both ways. */
const REKEY = ['--rekey-after-messages', '5'];
const startServer = (): Process => processes.start(['server', ...config('server.yaml'), ...REKEY]);
const startService = (id: string, ...flags: readonly string[]): Process =>
  processes.start(['service', ...config('services', `${id}.yaml`), ...flags]);
const send = (device: string, ...flags: readonly string[]): Promise<Exit> =>
  processes.run(['pne', 'send', ...config('pnes', `${device}.yaml`), '--service', 'echo', ...flags]);
const sendTo = (device: string, ...flags: readonly string[]): Promise<Exit> => {
  const address = ['--pn', 'home', '--device', device];
  return processes.run(['service', 'send', ...config('services', 'sealed.yaml'), ...address, ...flags]);
};

beforeAll(async () => {
  folder = temporaryFolder();
  nats = await startNatsServer();
  const household = folder.put('household.yaml', householdText(members(4), { services: ['echo', 'idle', 'sealed'] }));
  const { code, stderr } = await processes.run(['provision', household, '--out', folder.file('operator')]);
  expect(code, stderr).toBe(0);
  server = startServer();
  echo = startService('echo', '--echo', '--json');
  const gateway = processes.start(['gateway', ...config('gateways', `${GATEWAY}.yaml`)]);
  for (const role of [server, gateway, echo]) await role.says(/ ready /);
  const journal = folder.file('operator', 'gateways', `${GATEWAY}.sqlite`);
  await until('a PN that is established', async () =>
    (await eventsIn(journal)).some(({ type }) => type === 'PnEstablished'),
  );
}, TEST_MS);
afterAll(async () => {
  await processes.endAll();
  await nats.stop();
  folder.remove();
});

interface Line {
  readonly kind: string;
  readonly code?: number;
  readonly bytes?: string;
  readonly deviceId: string;
}
const lineOf = (text: string | undefined): Line => JSON.parse(text ?? '{}');
const bytesOf = (line: Line): Buffer => Buffer.from(line.bytes ?? '', 'base64url');
const eventsOf = async (device: string): Promise<readonly string[]> =>
  (await eventsIn(folder.file('operator', 'pnes', `${device}.sqlite`))).map(({ type }) => type);
const howOften = (types: readonly string[], type: string): number => types.filter((one) => one === type).length;

test(
  'a text, 64 KiB and 512 KiB go to the service and back, from a device that registers first, once; keys change on the way',
  async () => {
    const hello = await send('member-1', '--text', 'hello', '--wait', '60', '--replies', '1');
    expect(hello).toMatchObject({ code: 0, stderr: '' });
    expect(hello.stdout.split('\n').toSorted()).toEqual([
      '',
      'member-1  message from echo, 5 bytes: "hello"',
      'member-1 to echo, 5 bytes: 200 delivered',
    ]);
    for (const length of [65_536, 524_288]) {
      const bytes = randomBytes(length);
      writeFileSync(folder.file('message'), bytes);
      const back = ['--wait', '60', '--replies', '1', '--json', ...REKEY];
      const exit = await send('member-1', '--file', folder.file('message'), ...back);
      expect(exit).toMatchObject({ code: 0, stderr: '' });
      const [received, sent] = exit.stdout
        .trim()
        .split('\n')
        .map(lineOf)
        .toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
      expect(sent).toMatchObject({ kind: 'sent', code: 200, sizeBytes: length });
      expect(received).toMatchObject({ kind: 'message', serviceId: 'echo', deviceId: 'member-1' });
      for (const line of [received, lineOf(echo.lines.at(-1))])
        expect(line !== undefined && bytesOf(line).equals(bytes)).toBe(true);
    }
    expect(echo.lines).toHaveLength(3);
    const types = await eventsOf('member-1');
    expect(howOften(types, 'RegistrationRequested')).toBe(1);
    expect(howOften(types, 'SecureSessionRekeyed')).toBeGreaterThan(10);
  },
  TEST_MS,
);

test(
  'what cannot be delivered is said with its code and what to do: no such service, one that does not run, a wrong secret',
  async () => {
    const unknown = await send('member-2', '--service', 'elsewhere', '--text', 'x');
    expect(unknown).toMatchObject({ code: 1, stdout: 'member-2 to elsewhere, 1 byte: 404 no such service\n' });
    expect(unknown.stderr).toMatch(/^cpns: Check the id of the service/m);
    const idle = await send('member-2', '--service', 'idle', '--text', 'x');
    expect(idle).toMatchObject({ code: 1, stdout: 'member-2 to idle, 1 byte: 503 nobody is there to take it\n' });

    const psk = folder.file('operator', 'services', 'sealed.psk');
    const right = readFileSync(psk, 'utf8');
    writeFileSync(psk, `${randomBytes(32).toString('base64url')}\n`);
    const wrong = startService('sealed');
    await wrong.says(/ ready /);
    const lost = await send('member-2', '--service', 'sealed', '--text', 'hush');
    expect(lost).toMatchObject({
      code: 1,
      stdout: 'member-2 to sealed, 4 bytes: 500 failed: it may have been delivered or not\n',
    });
    expect(await sendTo('member-2', '--text', 'x')).toMatchObject({
      code: 1,
      stdout: 'sealed to member-2 in home, 1 byte: 401 the server could not open it\n',
    });
    await wrong.end('SIGTERM');
    expect(wrong.stdout).toBe('');
    expect(wrong.stderr).toContain('is not sealed with the secret for this subject');
    expect(server.stderr).toContain('give it the secret that the server knows');

    writeFileSync(psk, right);
    const mended = startService('sealed');
    await mended.says(/ ready /);
    expect((await send('member-2', '--service', 'sealed', '--text', 'hush')).code).toBe(0);
    expect(mended.stdout).toBe('member-2 in home, 4 bytes: "hush"\n');
    for (const { stderr } of [server, echo, wrong, mended]) expect(stderr).not.toContain('hush');
  },
  TEST_MS,
);

test(
  'a device that runs prints what a service sends to it; of one that never registered the service is told',
  async () => {
    const device = processes.start(['pne', ...config('pnes', 'member-3.yaml'), '--json']);
    await device.says(/"code":200/);
    expect(await sendTo('member-3', '--text', 'switch off')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: 'sealed to member-3 in home, 10 bytes: 200 delivered\n',
    });
    const received = lineOf(device.lines.at(-1));
    expect(received).toMatchObject({ kind: 'message', deviceId: 'member-3', serviceId: 'sealed', sizeBytes: 10 });
    expect(bytesOf(received).toString()).toBe('switch off');
    expect(await sendTo('member-4', '--text', 'x', '--json')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/"code":480,"reason":"no secure session"/),
    });
  },
  TEST_MS,
);

test(
  'a session goes on when the server was killed in between, and after it was closed the next message makes another',
  async () => {
    expect((await send('member-4', '--text', 'before')).code).toBe(0);
    await server.end('SIGKILL');
    server = startServer();
    await server.says(/ ready /);
    expect((await send('member-4', '--text', 'after')).code).toBe(0);
    const close = ['pne', 'close', ...config('pnes', 'member-4.yaml')];
    const closed = await processes.run(close);
    expect(closed).toMatchObject({ code: 0, stderr: '' });
    expect(closed.stdout).toMatch(/^member-4 {2}secure session closed, key \S{22} destroyed\n$/);
    expect(await processes.run(close)).toMatchObject({ code: 0, stdout: 'member-4  has no secure session\n' });
    expect((await send('member-4', '--text', 'anew')).code).toBe(0);
    const heard = echo.lines.map(lineOf).filter(({ deviceId }) => deviceId === 'member-4');
    expect(heard.map((line) => bytesOf(line).toString())).toEqual(['before', 'after', 'anew']);
    expect(howOften(await eventsOf('member-4'), 'SecureSessionEstablished')).toBe(2);
  },
  TEST_MS,
);

test(
  'an auditor has nothing against the journals that are left after all messages, usage and wrong credentials',
  async () => {
    await processes.endAll();
    expect(await auditOf(processes, folder.file('operator'))).toBe('CONFORMANT');
  },
  TEST_MS,
);

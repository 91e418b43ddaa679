import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { fromBase64url } from '../../security/base64url.ts';
import { temporaryFolder, type Folder } from './household.ts';
import { eventsIn } from './journals.ts';
import { Processes, type Exit, type Process } from './processes.ts';
import { Tap } from './tap.ts';
import { until } from './until.ts';
import { GATEWAY, householdText, members } from '../cli/small-household.ts';

/** Devices get the proof of their registration through a PN GW that cannot read it; each role is a process of its own. */

const TEST_MS = 120_000;
const processes = new Processes();
let folder: Folder;
let nats: NatsServer;
let tap: Tap;
let server: Process;

const at = (): readonly string[] => ['--nats', nats.url];
const config = (...names: readonly string[]): readonly string[] => [
  '--config',
  folder.file('operator', ...names),
  ...at(),
];
const key = (): readonly string[] => ['--key', folder.file('operator', 'checkpoint.key.pub')];
const receipt = (device: string, ...flags: readonly string[]): Promise<Exit> =>
  processes.run([
    'pne',
    'receipt',
    ...config('pnes', `${device}.yaml`),
    '-o',
    folder.file(`${device}.tlog-proof`),
    ...flags,
  ]);
const verify = (...flags: readonly string[]): Promise<Exit> => processes.run(['journal', 'verify', ...flags, ...key()]);

beforeAll(async () => {
  folder = temporaryFolder();
  nats = await startNatsServer();
  tap = new Tap(nats.url);
  await tap.listen('cpns.link.>', 'cpns.wan.>');
  const household = folder.put('household.yaml', householdText(members(3)));
  const { code, stderr } = await processes.run(['provision', household, '--out', folder.file('operator')]);
  expect(code, stderr).toBe(0);
  server = processes.start(['server', ...config('server.yaml')]);
  const gateway = processes.start(['gateway', ...config('gateways', `${GATEWAY}.yaml`)]);
  for (const role of [server, gateway]) await role.says(/ ready /);
  const journal = folder.file('operator', 'gateways', `${GATEWAY}.sqlite`);
  await until('a PN that is established', async () =>
    (await eventsIn(journal)).some(({ type }) => type === 'PnEstablished'),
  );
}, TEST_MS);
afterAll(async () => {
  await processes.endAll();
  await tap.close();
  await nats.stop();
  folder.remove();
});

test(
  'a device registers, gets its receipt, and anybody verifies it without server and journal; nobody between could read it',
  async () => {
    const first = await receipt('member-1', ...key());
    expect(first, first.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^member-1  receipt of position \d+ of \d+, cpns-\S+, signed by cpns-server\/[0-9a-f]{12}\n/,
    );
    const second = await receipt('member-2', '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({ kind: 'receipt', deviceId: 'member-2', verified: 'no' });

    const offline = await verify('--receipt', folder.file('member-1.tlog-proof'));
    expect(offline).toMatchObject({ code: 0, stderr: '' });
    expect(offline.stdout).toContain('\nregistration/home/member-1\n');
    expect(offline.stdout).toMatch(/"code":200,"cpnsId":"cpns-/);

    const passed = [...tap.on('cpns.link.'), ...tap.on('cpns.wan.')];
    expect(passed.length).toBeGreaterThan(10);
    const text = readFileSync(folder.file('member-1.tlog-proof'), 'utf8');
    const lines = text.split('\n').filter((line) => line.length > 20);
    for (const { payload } of passed) {
      const frame = /"frame":"([^"]+)"/.exec(payload)?.[1] ?? '';
      const seen = payload + Buffer.from(fromBase64url(frame) ?? []).toString('latin1');
      for (const line of lines) expect(seen.includes(line)).toBe(false);
    }
  },
  TEST_MS,
);

test(
  'the server signs at its end, after which its journal is whole and signed to its last event; the receipts still hold',
  async () => {
    await server.end('SIGTERM');
    expect(server.stderr).toContain('checkpoint signed');
    const journal = folder.file('operator', 'server.sqlite');
    const events = await eventsIn(journal);
    expect(events.at(-1)).toMatchObject({ type: 'CheckpointSigned', data: { size: events.length - 1 } });
    expect(events.filter(({ type }) => type === 'DurabilityObserved')).toHaveLength(1);
    const whole = await verify('--journal', journal);
    expect(whole.stdout).toContain(`signed the first ${events.length - 1} events\nwhole`);
    expect((await verify('--receipt', folder.file('member-2.tlog-proof'))).code).toBe(0);
  },
  TEST_MS,
);

test(
  'a server without a key says that it signs none, and no file is left',
  async () => {
    const yaml = readFileSync(folder.file('operator', 'server.yaml'), 'utf8').replace(/^checkpointKeyFile: .*\n/m, '');
    folder.put('operator/unsigned.yaml', yaml);
    const unsigned = processes.start(['server', ...config('unsigned.yaml')]);
    await unsigned.says(/ ready /);
    const exit = await receipt('member-3');
    expect(exit.code).toBe(1);
    expect(exit.stderr).toContain('No receipt: the server signs no checkpoints');
    expect(exit.stderr).toContain('checkpointKeyFile');
    expect(existsSync(folder.file('member-3.tlog-proof'))).toBe(false);
  },
  TEST_MS,
);

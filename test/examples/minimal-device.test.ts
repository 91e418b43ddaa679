import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startGateway, startServer, type Seams } from '../../actors/start.ts';
import type { Runtime } from '../../actors/loop/runtime.ts';
import { systemClock } from '../../seams/clock.ts';
import { systemEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import type { Wire } from '../../wire/port.ts';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import { pnGateway } from '../../machines/pn-gateway/gateway.ts';
import { localPn } from '../../machines/pn-gateway/gateway-terms.ts';
import { cpnsId } from '../../security/cpns-id.ts';
import { createKeyring } from '../../security/keyring.ts';
import { eventsOf } from '../../messages/subjects.ts';
import { RecordedEvent } from '../../script/asyncapi/observed.ts';
import type { ExpectedCredential } from '../../security/registration-handshake.ts';
import { streamOf } from '../../machines/streams.ts';

/** The first foreign client: a process that shares no line with us, over a real nats-server. */

const PROGRAM = fileURLToPath(new URL('../../examples/minimal-device.mjs', import.meta.url));
const GATEWAY = 'hub';
const idKey = systemEntropy.bytes(32);
const gatewayCredential = { kind: 'psk' as const, psk: systemEntropy.bytes(32) };
const secrets = new Map(
  ['lamp', 'stranger', 'at-home', 'late', 'forged'].map((device) => [device, systemEntropy.bytes(32)]),
);

/** What went out on `cpns.events.>`. */
const observed: { readonly subject: string; readonly text: string }[] = [];
let nats: NatsServer;
let dir: string;
let server: { readonly journal: MemoryJournal; readonly runtime: Runtime };
const runtimes: Runtime[] = [];
const wires: Wire[] = [];

async function seams(name: string, journal: MemoryJournal): Promise<Seams> {
  const wire = connectNats({ servers: nats.url, name, log: new RecordedLog() });
  wires.push(wire);
  // Connected before the role starts: what is published before that is lost to observers.
  await wire.flush();
  const bytes = (length: number) => systemEntropy.bytes(length);
  const keyring = createKeyring({ kek: bytes(32), bytes });
  const log = new RecordedLog();
  return { journal, wire, clock: systemClock, entropy: systemEntropy, log, keyring, observers: 'publish' };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cpns-minimal-device-'));
  nats = await startNatsServer();
  const observer = connectNats({ servers: nats.url, name: 'observer', log: new RecordedLog() });
  wires.push(observer);
  observer.subscribe('cpns.events.>', ({ subject, payload }) => {
    observed.push({ subject, text: Buffer.from(payload).toString() });
  });
  await observer.flush();
  const journal = new MemoryJournal();
  const identity = {
    idKey,
    gatewayCredential: (id: string): ExpectedCredential => (id === GATEWAY ? gatewayCredential : { kind: 'none' }),
    pneCredential(id: string): ExpectedCredential {
      const psk = secrets.get(id);
      return psk === undefined ? { kind: 'none' } : { kind: 'psk', psk };
    },
  };
  const pns = [
    { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp', 'at-home', 'forged'] },
    { id: 'alarm', gatewayId: GATEWAY, joinPolicy: 'closed' as const, members: [] },
  ];
  const { runtime } = await startServer(identity, pns, [], await seams('server', journal));
  server = { journal, runtime };
  runtimes.push(server.runtime);
  const gatewayIdentity = { gatewayId: GATEWAY, credential: () => gatewayCredential, pairing: 'permitted' as const };
  const gateway = await startGateway(gatewayIdentity, ['home', 'alarm'], await seams('gateway', new MemoryJournal()));
  runtimes.push(gateway);
  await vi.waitFor(async () => {
    const { context } = await gateway.state(pnGateway, streamOf('pn-gateway/gateway', { gatewayId: GATEWAY }));
    const states = ['home', 'alarm'].map((pnId) => localPn(context, pnId)?.status);
    expect(states).toEqual(['established', 'established']);
  }, 60_000);
});

afterAll(async () => {
  for (const runtime of runtimes) await runtime.stop();
  for (const wire of wires) await wire.close();
  await nats.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runProgram(args: readonly string[]): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, stdout, stderr }));
  return promise;
}

function device(
  deviceId: string,
  options: { readonly pn?: string; readonly secret?: Uint8Array; readonly flags?: readonly string[] } = {},
): Promise<Run> {
  const { pn = 'home', secret = secrets.get(deviceId) ?? systemEntropy.bytes(32), flags = [] } = options;
  const file = join(dir, `${deviceId}.secret`);
  writeFileSync(file, `${Buffer.from(secret).toString('base64url')}\n`);
  chmodSync(file, 0o600);
  const ids = ['--nats', nats.url, '--gateway', GATEWAY, '--pn', pn, '--device', deviceId];
  return runProgram([...ids, '--secret-file', file, ...flags]);
}

function registered(run: Run): { readonly id: string; readonly keyId: string } {
  expect(run.stderr).toBe('');
  const said = /^200 registered\nCPNS ID (?<id>cpns-\S+)\nkey id (?<keyId>\S+)\nsession confirmed\n$/.exec(run.stdout);
  expect(run.stdout).toBe(said?.[0]);
  expect(run.code).toBe(0);
  return { id: said?.groups?.['id'] ?? '', keyId: said?.groups?.['keyId'] ?? '' };
}

/** What the server recorded of a device, with the step of the change request. */
async function recorded(deviceId: string, pnId = 'home') {
  const events = await server.journal.readStream(streamOf('cpns-server/registration', { pnId, deviceId }));
  return events.map(({ type, data, meta }) => ({ type, keyId: data['keyId'] ?? null, crStep: meta.crStep }));
}

test('a member of the PN registers (1.4.1), and the server knows the session under the key id that the device prints', async () => {
  const { id, keyId } = registered(await device('lamp'));
  expect(id).toBe(cpnsId(idKey, 'lamp'));
  expect(await recorded('lamp')).toContainEqual({ type: 'SecureSessionEstablished', keyId, crStep: '1.4.1/4' });
});

test('a stranger that pairs is added and registers (1.4.2)', async () => {
  const { id, keyId } = registered(await device('stranger', { flags: ['--pair'] }));
  expect(id).toBe(cpnsId(idKey, 'stranger'));
  expect(await recorded('stranger')).toContainEqual({ type: 'SecureSessionEstablished', keyId, crStep: '1.4.2/6' });
});

test('a device that registers again keeps its CPNS ID and gets another session; the earlier one is closed', async () => {
  const first = registered(await device('at-home'));
  const second = registered(await device('at-home'));
  expect(second.id).toBe(first.id);
  expect(second.keyId).not.toBe(first.keyId);
  const sessions = (await recorded('at-home')).filter(({ type }) => type.startsWith('SecureSession'));
  expect(sessions.map(({ type, keyId }) => [type, keyId])).toEqual([
    ['SecureSessionEstablished', first.keyId],
    ['SecureSessionEstablished', second.keyId],
    ['SecureSessionClosed', first.keyId],
  ]);
});

test.each([
  ['a wrong secret', 'forged', {}, '401 authentication failed'],
  ['an unknown device', 'nobody', { flags: ['--pair'] }, '401 authentication failed'],
  ['a stranger that did not pair', 'late', {}, '403 refused by policy'],
  ['a stranger at a closed PN', 'late', { pn: 'alarm', flags: ['--pair'] }, '403 refused by policy'],
  ['a PN that is not there', 'late', { pn: 'nowhere', flags: ['--pair'] }, '404 no such PN'],
])('%s is refused: code and reason, exit code 1', async (_what, deviceId, options, said) => {
  const run = await device(deviceId, { ...options, ...(deviceId === 'forged' ? { secret: new Uint8Array(32) } : {}) });
  expect(run).toEqual({ code: 1, stdout: '', stderr: `${said}\n` });
});

test('a device that starts before its PN GW asks again with the same bytes until it is answered', async () => {
  const seen: string[] = [];
  const wire = connectNats({ servers: nats.url, name: 'tap', log: new RecordedLog() });
  wires.push(wire);
  wire.subscribe('cpns.link.away.up.lamp.>', ({ payload }) => seen.push(Buffer.from(payload).toString()));
  await wire.flush();
  const file = join(dir, 'away.secret');
  writeFileSync(file, Buffer.alloc(32).toString('base64url'), { mode: 0o600 });
  const ids = ['--nats', nats.url, '--gateway', 'away', '--pn', 'home', '--device', 'lamp', '--secret-file', file];
  const run = runProgram(ids);
  await expect.poll(() => seen.length).toBe(3);
  expect(new Set(seen).size).toBe(1);
  const { messageId, correlationId }: { messageId: string; correlationId: string } = JSON.parse(seen[0] ?? '');
  const body = { code: 480, handshake: null };
  const answer = { v: 1, type: 'registration-response', messageId: 'x', correlationId, inReplyTo: messageId, body };
  const subject = 'cpns.link.away.down.lamp.registration-response';
  // Neither another request's answer nor a forged acceptance ends it.
  const forged = { ...answer, body: { code: 200, handshake: Buffer.alloc(64, 9).toString('base64url') } };
  wire.publish(subject, JSON.stringify({ ...answer, inReplyTo: 'another', body: { code: 403, handshake: null } }));
  wire.publish(subject, JSON.stringify(forged));
  wire.publish(subject, JSON.stringify(answer));
  expect(await run).toEqual({ code: 1, stdout: '', stderr: '480 PN not established\n' });
});

test('observers see every event of the server once, in the shape that docs/asyncapi.yaml gives them', async () => {
  const bySubject = (role: string) => observed.filter(({ subject }) => subject.startsWith(`cpns.events.${role}.`));
  registered(await device('lamp'));
  const head = await server.journal.head();
  await expect.poll(() => bySubject('cpns-server').length).toBe(head);
  expect(bySubject('pn-gateway').length).toBeGreaterThan(0);
  const events = observed.map(({ subject, text }) => ({ subject, event: RecordedEvent.parse(JSON.parse(text)) }));
  for (const { subject, event } of events) {
    expect(subject).toBe(eventsOf(event.meta.chart.id));
  }
  const ofServer = events.filter(({ event }) => event.meta.role === 'cpns-server').map(({ event }) => event);
  expect(ofServer).toEqual(await server.journal.readAll());
});

test('wrong use ends with exit code 2 and says how to use it', async () => {
  const run = await runProgram(['--nats', nats.url]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('an option is missing\nusage: minimal-device.mjs --nats URL');
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DEFAULT_SESSION_SETTINGS, type ApplicationMessage, type SessionEnd } from '../../actors/sessions/data/port.ts';
import { register, startGateway, startPnes, startServer, type Seams } from '../../actors/start.ts';
import type { Runtime } from '../../actors/loop/runtime.ts';
import { systemClock } from '../../seams/clock.ts';
import { systemEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { connectNats } from '../../wire/nats.ts';
import type { Wire } from '../../wire/port.ts';
import { startNatsServer, type NatsServer } from '../../cli/nats-server.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { pnGateway } from '../../machines/pn-gateway/gateway.ts';
import { localPn } from '../../machines/pn-gateway/gateway-terms.ts';
import { pneRegistration } from '../../machines/pne/registration.ts';
import { createKeyring } from '../../security/keyring.ts';
import type { ExpectedCredential } from '../../security/registration-handshake.ts';
import { streamOf } from '../../machines/streams.ts';
import type { PneDevice } from '../../actors/roles/pne/device.ts';

/** PNE, PN GW and CPNS Server over a real nats-server and on real databases: messages go both ways, through restarts. */

const DEVICE = 'lamp';
const secrets = { hub: systemEntropy.bytes(32), lamp: systemEntropy.bytes(32), idKey: systemEntropy.bytes(32) };
const keks = new Map(['server', 'gateway', 'pne'].map((name) => [name, systemEntropy.bytes(32)]));
const settings = { ...DEFAULT_SESSION_SETTINGS, rekeyAfterMessages: 8 };
const device: PneDevice = {
  deviceId: DEVICE,
  pnId: 'home',
  gatewayId: 'hub',
  credential: { kind: 'psk', psk: secrets.lamp },
  pairing: 'none',
};
const given: { readonly server: ApplicationMessage[]; readonly pne: ApplicationMessage[] } = { server: [], pne: [] };
/** What goes over the link and the WAN. */
const tapped: string[] = [];

interface Process {
  readonly runtime: Runtime;
  readonly session: SessionEnd | null;
  stop(): Promise<void>;
}
let dir: string;
let nats: NatsServer;
let tap: Wire;
const running = new Map<string, Process>();

async function start(
  name: 'server' | 'gateway' | 'pne',
  role: (seams: Seams) => Promise<Pick<Process, 'runtime' | 'session'>>,
): Promise<Process> {
  const log = new RecordedLog();
  const wire = connectNats({ servers: nats.url, name, log });
  await wire.flush();
  const journal = await openSqliteJournal(join(dir, `${name}.sqlite`));
  const bytes = (length: number): Uint8Array => systemEntropy.bytes(length);
  const keyring = createKeyring({ kek: keks.get(name) ?? bytes(32), bytes });
  const seams: Seams = {
    journal,
    wire,
    clock: systemClock,
    entropy: systemEntropy,
    log,
    keyring,
    observers: 'publish',
  };
  const { runtime, session } = await role(seams);
  const stop = async (): Promise<void> => {
    running.delete(name);
    await runtime.stop();
    await wire.close();
    await journal.close();
  };
  const started = { runtime, session, stop };
  running.set(name, started);
  return started;
}

const startOurServer = (): Promise<Process> =>
  start('server', (seams) => {
    const identity = {
      idKey: secrets.idKey,
      gatewayCredential: (id: string): ExpectedCredential =>
        id === 'hub' ? { kind: 'psk', psk: secrets.hub } : { kind: 'none' },
      pneCredential: (id: string): ExpectedCredential =>
        id === DEVICE ? { kind: 'psk', psk: secrets.lamp } : { kind: 'none' },
    };
    const pns = [{ id: 'home', gatewayId: 'hub', joinPolicy: 'open' as const, members: [DEVICE] }];
    const deliver = (message: ApplicationMessage) => Promise.resolve((given.server.push(message), 200 as const));
    return startServer(identity, pns, [], seams, { deliver, settings });
  });

const startOurPne = (): Promise<Process> =>
  start('pne', (seams) => {
    const deliver = (message: ApplicationMessage) => Promise.resolve((given.pne.push(message), 200 as const));
    return startPnes([device], seams, { deliver, settings });
  });

const sessionOf = (name: 'server' | 'pne'): SessionEnd => {
  const session = running.get(name)?.session ?? null;
  if (session === null) throw new Error(`${name} does not run`);
  return session;
};
const send = (from: 'server' | 'pne', bytes: Uint8Array) =>
  sessionOf(from).send({ pnId: 'home', deviceId: DEVICE, serviceId: 'echo', bytes });
const isRegistered = async (): Promise<void> => {
  const state = await running
    .get('pne')
    ?.runtime.state(pneRegistration, streamOf('pne/registration', { deviceId: DEVICE }));
  expect(state?.value).toEqual({ registration: { registered: 'settled' }, session: 'established' });
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cpns-sessions-'));
  nats = await startNatsServer();
  tap = connectNats({ servers: nats.url, name: 'tap', log: new RecordedLog() });
  for (const pattern of ['cpns.link.>', 'cpns.wan.>', 'cpns.events.>']) {
    tap.subscribe(pattern, ({ payload }) => tapped.push(Buffer.from(payload).toString()));
  }
  await tap.flush();
  await startOurServer();
  const gateway = await start('gateway', async (seams) => {
    const credential = () => ({ kind: 'psk', psk: secrets.hub }) as const;
    const identity = { gatewayId: 'hub', credential, pairing: 'permitted' as const };
    return { runtime: await startGateway(identity, ['home'], seams), session: null };
  });
  await vi.waitFor(async () => {
    const { context } = await gateway.runtime.state(pnGateway, streamOf('pn-gateway/gateway', { gatewayId: 'hub' }));
    expect(localPn(context, 'home')?.status).toBe('established');
  }, 60_000);
  const pne = await startOurPne();
  await register(pne.runtime, device);
  await vi.waitFor(isRegistered, 60_000);
});

afterAll(async () => {
  for (const process of running.values()) await process.stop();
  await tap.close();
  await nats.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('messages of any size go both ways through the PN GW, which cannot read them', async () => {
  const secret = `a text that only the two ends may read ${'.'.repeat(500)}`;
  for (const bytes of [
    Buffer.from(secret),
    Buffer.alloc(0),
    systemEntropy.bytes(65_536),
    systemEntropy.bytes(524_288),
  ]) {
    for (const from of ['pne', 'server'] as const) {
      expect(await send(from, bytes)).toEqual({ kind: 'delivered' });
      const got = (from === 'pne' ? given.server : given.pne).at(-1);
      expect(Buffer.compare(got?.bytes ?? Buffer.of(1), bytes)).toBe(0);
    }
  }
  await tap.flush();
  expect(tapped.length).toBeGreaterThan(100);
  const codings = ['utf8', 'base64url', 'hex'] as const;
  const spelt = codings.map((coding) => Buffer.from(secret).toString(coding).slice(4, 36));
  for (const text of tapped) for (const one of spelt) expect(text).not.toContain(one);
});

test('many at once are each delivered once, over several epochs of the keys', async () => {
  const before = given.server.length;
  const names = Array.from({ length: 50 }, (_, index) => `message ${index}`);
  const outcomes = await Promise.all(names.map((name) => send('pne', Buffer.from(name))));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['delivered']));
  const got = given.server.slice(before).map(({ bytes }) => Buffer.from(bytes).toString());
  expect(got.toSorted()).toEqual(names.toSorted());
});

test.each(['server', 'pne'] as const)('after a restart of the %s messages go on in the same session', async (name) => {
  await running.get(name)?.stop();
  await (name === 'server' ? startOurServer() : startOurPne());
  await isRegistered();
  const counts = [given.server.length, given.pne.length];
  // What was sent a moment ago may be under keys that the restarted end no longer has: then nobody knows, and it is not given twice.
  for (const from of ['pne', 'server'] as const) {
    const outcome = await send(from, Buffer.from('first'));
    expect(['delivered', 'unknown']).toContain(outcome.kind);
    expect(await send(from, Buffer.from('second'))).toEqual({ kind: 'delivered' });
  }
  for (const [index, all] of [given.server, given.pne].entries()) {
    const texts = all.slice(counts[index]).map(({ bytes }) => Buffer.from(bytes).toString());
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.at(-1)).toBe('second');
  }
});

test('either end closes it, and a new registration makes a new one', async () => {
  for (const from of ['pne', 'server'] as const) {
    expect(await sessionOf(from).close({ pnId: 'home', deviceId: DEVICE })).toBe('closed');
    expect(await send(from, Buffer.from('x'))).toEqual({ kind: 'noSession' });
    const pne = running.get('pne');
    if (pne === undefined) throw new Error('no PNE');
    await vi.waitFor(async () => expect(await register(pne.runtime, device)).toBe('taken'), 60_000);
    await vi.waitFor(isRegistered, 60_000);
    expect(await send('pne', Buffer.from('again'))).toEqual({ kind: 'delivered' });
  }
});

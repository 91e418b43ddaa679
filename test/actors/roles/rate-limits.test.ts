import { describe, expect, test } from 'vitest';
import { MAX_MAILBOX, REFUSAL_WINDOW_MS } from '../../../actors/loop/limits.ts';
import { SERVER_LIMITS, UNKNOWN, type ServerLimits } from '../../../actors/roles/rate-limits.ts';
import { startGateway } from '../../../actors/start.ts';
import { device, GATEWAY, gatewayIdentity, World } from '../../simulation/world.ts';
import { fromDevice, said, toServer } from '../talk.ts';

/** More than the mailbox of a unit: without a limit nobody else would find room in it. */
const FLOOD = MAX_MAILBOX + 1_000;
/** Those of the product, but for what takes thousands of messages to reach. */
const LIMITS: ServerLimits = {
  ...SERVER_LIMITS,
  device: { ...SERVER_LIMITS.device, frames: { burst: 50, perSecond: 1 } },
  gateway: { requests: { burst: 100, perSecond: 1 }, frames: { burst: 200, perSecond: 1 } },
};
const GARBAGE = { pnId: 'home', handshake: 'A'.repeat(80) };
const SEALED = { keyId: 'AAAAAAAAAAAAAAAAAAAAAA', counter: 0, frame: 'A'.repeat(22) };
const DATA = { ...SEALED, epoch: 0, serviceId: null };
const pn = (id: string, gatewayId = GATEWAY) => ({
  id,
  gatewayId,
  joinPolicy: 'open' as const,
  members: ['lamp', 'radio'],
});

async function start(): Promise<World> {
  const devices = [device('lamp', 'home'), device('radio', 'home'), device('guest', 'home', 'needed')];
  const world = await World.start({
    pns: [pn('home'), pn('office', 'second')],
    devices,
    gateways: [GATEWAY, 'second'],
    limits: LIMITS,
  });
  await world.calm();
  return world;
}

/** The member and the stranger register, and no time goes by: nobody waits for a retry. */
async function othersRegister(world: World): Promise<void> {
  const now = world.clock.now();
  for (const id of ['radio', 'guest']) expect(await world.register(id)).toBe('taken');
  await world.drain();
  const confirmed = (await world.events('pnes')).filter(({ type }) => type === 'SecureSessionConfirmed');
  expect(confirmed.map(({ stream }) => stream).toSorted()).toEqual(['pne/guest', 'pne/radio']);
  expect(world.clock.now()).toBe(now);
}

async function tooMany(world: World, node: 'server' | 'gateway'): Promise<readonly (readonly [unknown, number])[]> {
  const events = await world.events(node);
  return events
    .filter(({ type, data }) => type === 'MessageRefused' && data['code'] === 429)
    .map(({ data }) => [data['from'], Number(data['count'])]);
}

describe('a device that floods its PN GW', () => {
  test.each([
    ['registration-request', GARBAGE, LIMITS.device.requests.burst],
    ['pairing-request', {}, LIMITS.device.requests.burst],
    ['sealed', { pnId: 'home', ...SEALED }, LIMITS.device.requests.burst],
    ['data', { pnId: 'home', ...DATA }, LIMITS.device.frames.burst],
  ] as const)('with %s messages does not hinder the others behind it', async (type, body, burst) => {
    const world = await start();
    const from = world.sent.length;
    for (let i = 0; i < FLOOD; i++) fromDevice(world, 'lamp', type, `x${i}`, body);
    await othersRegister(world);
    const notices = said(world, 'down.lamp.notice', from).filter(({ message }) => message.body['code'] === 429);
    // One of them says that it was too much; the rest were refused because a registration was under way.
    expect(notices.length).toBeLessThanOrEqual(burst);
    expect(notices).not.toHaveLength(0);
    world.clock.advance(REFUSAL_WINDOW_MS);
    await world.settle();
    const sums = await tooMany(world, 'gateway');
    expect(sums.map(([from]) => from)).toEqual(['lamp', 'lamp']);
    expect(sums.reduce((sum, [, count]) => sum + count, 0)).toBe(FLOOD - burst + notices.length - 1);
    expect(world.runtime('gateway')?.stats.limited).toBe(FLOOD - burst);
  });

  test('is heard again once it has kept quiet', async () => {
    const world = await start();
    for (let i = 0; i < FLOOD; i++) fromDevice(world, 'lamp', 'registration-request', `x${i}`, GARBAGE);
    await world.drain();
    world.clock.advance(60_000);
    await world.register('lamp');
    await world.drain();
    expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
  });

  test('under ever new names does not get past what the PN GW hears of all', async () => {
    const world = await start();
    const before = world.runtime('gateway')?.stats.limited;
    for (let i = 0; i < FLOOD; i++) fromDevice(world, `made-up-${i}`, 'registration-request', `x${i}`, GARBAGE);
    await world.settle();
    expect(before).toBe(0);
    expect(world.runtime('gateway')?.stats.limited).toBe(FLOOD - LIMITS.gateway.requests.burst);
    expect(await tooMany(world, 'gateway')).toEqual([[GATEWAY, 1]]);
  });
});

describe('whoever floods the server', () => {
  test('with requests of one device, through its PN GW, does not hinder the others behind it', async () => {
    const world = await start();
    const body = { ...GARBAGE, deviceId: 'lamp' };
    for (let i = 0; i < FLOOD; i++) toServer(world, 'registration-request', `x${i}`, body);
    await othersRegister(world);
    expect(await tooMany(world, 'server')).toEqual([['lamp', 1]]);
    const heard = (await world.events('server')).filter(({ type, data }) => {
      return type === 'RegistrationRequestReceived' && data['deviceId'] === 'lamp';
    });
    expect(heard.length).toBeLessThanOrEqual(LIMITS.device.requests.burst);
  });

  test('as a PN GW, with devices that it makes up, does not hinder another PN GW', async () => {
    const world = await start();
    const runtime = await startGateway(gatewayIdentity('second'), ['office'], world.seams('second'));
    await world.drain();
    for (let i = 0; i < FLOOD; i++) {
      const body = { pnId: 'office', deviceId: `made-up-${i}`, handshake: GARBAGE.handshake };
      toServer(world, 'registration-request', `x${i}`, body, 'second');
    }
    await othersRegister(world);
    expect(await tooMany(world, 'server')).toEqual([['second', 1]]);
    await runtime.stop();
  });

  test('with registrations of PN GWs that it makes up does not keep a known one from registering', async () => {
    const world = await start();
    const body = { handshake: GARBAGE.handshake };
    for (let i = 0; i < FLOOD; i++) toServer(world, 'gateway-registration-request', `x${i}`, body, `made-up-${i}`);
    const runtime = await startGateway(gatewayIdentity('second'), ['office'], world.seams('second'));
    await world.drain();
    await runtime.settled();
    expect(world.gatewaySession('second').keyId).toMatch(/./);
    expect(await tooMany(world, 'server')).toEqual([[UNKNOWN, 1]]);
    await runtime.stop();
  });

  test('with registrations of a known PN GW does not disturb what this PN GW does in its session', async () => {
    const world = await start();
    const body = { handshake: GARBAGE.handshake };
    for (let i = 0; i < FLOOD; i++) toServer(world, 'gateway-registration-request', `x${i}`, body);
    await othersRegister(world);
    expect(await tooMany(world, 'server')).toEqual([[GATEWAY, 1]]);
  });
});

test('a retry of a request that was answered gets the answer again, whoever else floods', async () => {
  const world = await start();
  await world.register('radio');
  await world.drain();
  const [request] = said(world, 'up.radio.registration-request');
  const [answer] = said(world, 'down.radio.registration-response');
  for (let i = 0; i < FLOOD; i++) fromDevice(world, 'lamp', 'registration-request', `x${i}`, GARBAGE);
  const from = world.sent.length;
  const { type = '', messageId = '', body = {} } = request?.message ?? {};
  fromDevice(world, 'radio', type, messageId, body);
  await world.settle();
  expect(said(world, 'down.radio.registration-response', from).map(({ text }) => text)).toEqual([answer?.text]);
});

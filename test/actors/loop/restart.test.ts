import { describe, expect, test } from 'vitest';
import { IDLE_MS, MAX_MAILBOX } from '../../../actors/loop/limits.ts';
import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import { device, GATEWAY, UNLIMITED, World } from '../../simulation/world.ts';
import { fromDevice, said, toServer } from '../talk.ts';
import { streamOf } from '../../../machines/streams.ts';

const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
const start = () => World.start({ pns: [pn], devices: [device('lamp', 'home')] });

async function waiting(): Promise<World> {
  const world = await start();
  await world.calm();
  world.network.disconnect('server');
  await world.register('lamp');
  await world.drain();
  return world;
}

describe('timers', () => {
  test('survive a restart with their absolute deadline', async () => {
    const world = await waiting();
    const armed = await world.journal('gateway')?.pendingTimers();
    expect(armed).toMatchObject([{ name: 'answer', dueAt: world.clock.now() + 500 }]);
    world.clock.advance(200);
    await world.kill('gateway');
    world.clock.advance(100);
    await world.startNode('gateway');
    world.clock.advance(199);
    await world.settle();
    expect(await overdue(world)).toEqual([]);
    world.clock.advance(1);
    await world.settle();
    expect(await overdue(world)).toEqual([1]);
  });

  test('fire at once after a restart when they are overdue', async () => {
    const world = await waiting();
    await world.kill('gateway');
    world.clock.advance(60_000);
    await world.startNode('gateway');
    world.clock.advance(0);
    await world.settle();
    expect(await overdue(world)).toEqual([1]);
  });

  test('all come back, also when there are more than one read of the journal brings', async () => {
    const devices = Array.from({ length: 1_100 }, (_, index) => device(`d${index}`, 'home'));
    const world = await World.start({ pns: [pn], devices });
    world.network.disconnect('pnes');
    for (const { deviceId } of devices) await world.register(deviceId);
    await world.kill('pnes');
    await world.startNode('pnes');
    expect(world.runtime('pnes')?.stats.timers).toBe(devices.length);
  });
});

async function overdue(world: World): Promise<readonly unknown[]> {
  const events = (await world.events('gateway')).filter(({ stream }) => stream === 'admission/hub/lamp');
  return events.filter(({ type }) => type === 'AnswerOverdue').map(({ data }) => data['attempt']);
}

describe('a restart', () => {
  test('sends unanswered requests again, the same bytes', async () => {
    const world = await start();
    await world.calm();
    await world.register('lamp');
    await world.settle();
    const [first] = said(world, 'up.lamp.registration-request');
    await world.kill('pnes');
    await world.startNode('pnes');
    await world.settle();
    expect(said(world, 'up.lamp.registration-request').map(({ text }) => text)).toEqual([first?.text, first?.text]);
  });

  test('in the midst of the handshake of a PNE lets it finish with the same request', async () => {
    const world = await start();
    await world.calm();
    await world.register('lamp');
    await world.kill('pnes');
    await world.startNode('pnes');
    await world.calm();
    const events = (await world.events('pnes')).map(({ type }) => type);
    expect(events.filter((type) => type === 'RegistrationRequested')).toHaveLength(1);
    expect(events.at(-1)).toBe('SecureSessionConfirmed');
  });

  test('of the PN GW asks for its PNs again and does not take the old answer', async () => {
    const world = await start();
    await world.settle();
    while (said(world, 'pn-establishment-response').length === 0) {
      world.network.deliver(0);
      await world.settle();
    }
    await world.kill('gateway');
    await world.startNode('gateway');
    await world.calm();
    const types = (await world.events('gateway')).map(({ type }) => type);
    expect(types.filter((type) => type === 'PnEstablished')).toHaveLength(1);
    expect(said(world, 'pn-establishment-request').length).toBeGreaterThanOrEqual(2);
  });
});

describe('a runtime that is stopped', () => {
  test('finishes what is under way and takes nothing new', async () => {
    const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')], disk: 'slow' });
    await world.calm();
    const from = world.sent.length;
    const body = { pnId: 'home', deviceId: 'lamp', action: 'add' };
    for (let index = 0; index < 20; index++) toServer(world, 'pn-update-request', `u${index}`, body);
    await world.runtime('server')?.stop();
    expect(said(world, 'pn-update-response', from)).toHaveLength(20);
    const events = await world.events('server');
    await world.register('lamp');
    await world.drain();
    expect(await world.events('server')).toEqual(events);
  });
});

describe('an actor that had nothing to do for long', () => {
  test('leaves the memory and comes back from the journal as it was', async () => {
    const world = await start();
    await world.calm();
    await world.register('lamp');
    await world.calm();
    const before = await world
      .runtime('server')
      ?.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: 'home' }));
    expect(world.runtime('server')?.stats.cachedActors).toBeGreaterThan(0);
    world.clock.advance(2 * IDLE_MS);
    await world.settle();
    expect(world.runtime('server')?.stats).toMatchObject({ cachedActors: 0, units: 0 });
    await world.register('lamp');
    await world.calm();
    const after = await world
      .runtime('server')
      ?.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: 'home' }));
    expect(after?.context.members['lamp']?.cpnsId).toBe(before?.context.members['lamp']?.cpnsId);
    expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
  });
});

describe('a full mailbox', () => {
  const surplus = 10;
  const unlimited = () => World.start({ pns: [pn], devices: [device('lamp', 'home')], limits: UNLIMITED });

  test('of the server is answered 503; every message gets an answer or a notice', async () => {
    const world = await unlimited();
    await world.calm();
    const from = world.sent.length;
    const body = { pnId: 'home', deviceId: 'lamp', action: 'add' };
    for (let index = 0; index < MAX_MAILBOX + surplus; index++) toServer(world, 'pn-update-request', `u${index}`, body);
    await world.settle();
    const notices = said(world, 'wan.down.hub.notice', from);
    expect(notices.length).toBeGreaterThanOrEqual(surplus - 1);
    expect(new Set(notices.map(({ message }) => message.body['code']))).toEqual(new Set([503]));
    expect(notices.length + said(world, 'pn-update-response', from).length).toBe(MAX_MAILBOX + surplus);
    expect(world.runtime('server')?.stats.busy).toBe(notices.length);
  });

  test('of a PN GW is answered 429', async () => {
    const world = await unlimited();
    await world.calm();
    const from = world.sent.length;
    for (let index = 0; index < MAX_MAILBOX + surplus; index++)
      fromDevice(world, 'lamp', 'pairing-request', `p${index}`, {});
    await world.settle();
    const notices = said(world, 'down.lamp.notice', from);
    expect(new Set(notices.map(({ message }) => message.body['code']))).toEqual(new Set([429]));
    expect(notices.length + said(world, 'down.lamp.pairing-response', from).length).toBe(MAX_MAILBOX + surplus);
  });
});

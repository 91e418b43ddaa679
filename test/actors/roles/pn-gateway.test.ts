import { describe, expect, test } from 'vitest';
import { IDLE_MS } from '../../../actors/loop/limits.ts';
import { MAX_CHANGES } from '../../../events/fields.ts';
import { pnGateway } from '../../../machines/pn-gateway/gateway.ts';
import { localPn } from '../../../machines/pn-gateway/gateway-terms.ts';
import { pneRegistration } from '../../../machines/pne/registration.ts';
import { device, GATEWAY, World, type WorldOptions } from '../../simulation/world.ts';
import { hand, last, said, toGateway } from '../talk.ts';
import { streamOf } from '../../../machines/streams.ts';

const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };

async function established(options: Partial<WorldOptions> = {}): Promise<World> {
  const devices = [device('lamp', 'home'), device('cup', 'home', 'needed')];
  const world = await World.start({ pns: [pn], devices, ...options });
  await world.calm();
  return world;
}

async function outcome(world: World, deviceId: string): Promise<readonly unknown[]> {
  const state = await world.runtime('pnes')?.state(pneRegistration, streamOf('pne/registration', { deviceId }));
  return [state?.context.code, state?.value];
}

async function local(world: World) {
  const state = await world
    .runtime('gateway')
    ?.state(pnGateway, streamOf('pn-gateway/gateway', { gatewayId: GATEWAY }));
  return state === undefined ? null : localPn(state.context, 'home');
}

const types = async (world: World) => (await world.events('gateway')).map(({ type }) => type);

/** Delivers in order until a message on such a subject is next. */
async function until(world: World, ending: string): Promise<void> {
  while (world.network.inFlight[0] !== undefined && !world.network.inFlight[0].subject.endsWith(ending)) {
    world.network.deliver(0);
    await world.settle();
  }
  expect(world.network.inFlight[0]?.subject.endsWith(ending)).toBe(true);
}

describe('a gap in the local inventory', () => {
  test('is asked for, and the answer that showed it is taken when it comes again', async () => {
    const world = await established();
    await world.register('cup');
    await until(world, 'wan.up.hub.pn-update-request');
    // A change that the PN GW does not hear of: the answer to it is lost.
    const { correlationId } = last(world, 'wan.up.hub.pn-update-request').message;
    const body = { pnId: 'home', deviceId: 'vase', action: 'add' };
    const other = { v: 1, type: 'pn-update-request', messageId: 'other', correlationId, inReplyTo: null, body };
    hand(world, 'server', 'cpns.wan.up.hub.pn-update-request', JSON.stringify(other));
    await world.settle();
    world.network.drop(world.network.inFlight.length - 1);
    const from = world.sent.length;
    await world.calm();
    expect(await outcome(world, 'cup')).toEqual([
      200,
      { registration: { registered: 'settled' }, session: 'established' },
    ]);
    expect(said(world, 'pn-establishment-request', from)).not.toEqual([]);
    const answers = said(world, 'wan.down.hub.pn-update-response', from);
    expect(answers.length).toBeGreaterThan(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  test('longer than a message is filled page by page, and only then is the PN established', async () => {
    const members = Array.from({ length: 2 * MAX_CHANGES + 20 }, (_, index) => `m${index}`);
    const world = await World.start({ pns: [{ ...pn, members }], devices: [device('m210', 'home')] });
    await world.settle();
    await until(world, 'pn-establishment-response');
    world.network.deliver(0);
    await world.settle();
    expect(await local(world)).toMatchObject({ status: 'unknown' });
    await world.register('m210');
    await world.calm();
    expect(Object.keys((await local(world))?.members ?? {})).toHaveLength(members.length);
    expect(await local(world)).toMatchObject({ status: 'established' });
    expect(await outcome(world, 'm210')).toEqual([
      200,
      { registration: { registered: 'settled' }, session: 'established' },
    ]);
  });

  test('left by the lost notice that a provisional PNE is gone is found by itself', async () => {
    const world = await established();
    await world.register('cup');
    await until(world, 'wan.up.hub.registration-request');
    await world.kill('pnes');
    world.network.disconnect('gateway');
    world.network.drop(0);
    for (let second = 0; second < 70; second++) {
      world.clock.advance(1_000);
      await world.drain();
    }
    expect((await local(world))?.members['cup']?.status).toBe('provisional');
    world.network.reconnect('gateway');
    world.clock.advance(IDLE_MS);
    await world.drain();
    expect((await local(world))?.members).toEqual({ lamp: { status: 'member', cpnsId: null } });
  });

  test('an answer that nobody asked for is refused', async () => {
    const world = await established();
    const before = await local(world);
    const body = { pnId: 'home', code: 200, joinPolicy: 'closed', changes: [], more: false };
    toGateway(world, 'pn-establishment-response', 'nothing', 'm1', body);
    await world.settle();
    expect(await local(world)).toEqual(before);
    expect((await types(world)).at(-1)).toBe('MessageRefused');
  });
});

describe('an answer that comes after the PNE was told 503', () => {
  test('updates the local inventory and nothing else', async () => {
    const world = await established();
    await world.register('lamp');
    await until(world, 'wan.down.hub.registration-response');
    const late = last(world, 'wan.down.hub.registration-response');
    world.network.drop(0);
    world.network.disconnect('server');
    for (let attempt = 0; attempt < 5; attempt++) {
      world.clock.advance(8_000);
      await world.settle();
    }
    expect(last(world, 'down.lamp.registration-response').message.body['code']).toBe(503);
    const answers = said(world, 'down.lamp.registration-response').length;
    hand(world, 'gateway', late.subject, late.text);
    await world.settle();
    expect((await types(world)).slice(-2)).toEqual(['LateAnswerReceived', 'LocalInventoryUpdated']);
    expect((await local(world))?.members['lamp']?.status).toBe('registered');
    expect(said(world, 'down.lamp.registration-response')).toHaveLength(answers);
  });
});

describe('a PNE is refused by the PN GW itself', () => {
  test('403 when it is a stranger that did not pair', async () => {
    const world = await established({ devices: [device('cup', 'home')] });
    await world.register('cup');
    await world.calm();
    expect(await outcome(world, 'cup')).toEqual([403, { registration: 'refused', session: 'none' }]);
    expect(said(world, 'wan.up.hub.pn-update-request')).toEqual([]);
  });

  test('403 when pairing is forbidden', async () => {
    const world = await established({ pairing: 'forbidden' });
    await world.register('cup');
    await world.calm();
    expect(await outcome(world, 'cup')).toEqual([403, { registration: 'refused', session: 'none' }]);
  });

  test('404 when its PN is unknown', async () => {
    const world = await established({ devices: [device('lamp', 'nowhere')] });
    await world.register('lamp');
    await world.calm();
    expect(await outcome(world, 'lamp')).toEqual([404, { registration: 'refused', session: 'none' }]);
    expect(said(world, 'wan.up.hub.registration-request')).toEqual([]);
  });

  test('480 while its PN is not established; it waits and then succeeds', async () => {
    const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')] });
    world.network.disconnect('server');
    await world.drain();
    await world.register('lamp');
    await world.drain();
    expect(await outcome(world, 'lamp')).toEqual([480, { registration: 'backingOff', session: 'none' }]);
    world.network.reconnect('server');
    await world.calm();
    expect(await outcome(world, 'lamp')).toEqual([
      200,
      { registration: { registered: 'settled' }, session: 'established' },
    ]);
  });
});

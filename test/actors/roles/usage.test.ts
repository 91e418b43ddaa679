import { describe, expect, test } from 'vitest';
import { startGateway } from '../../../actors/start.ts';
import { relayedUsage } from '../../../actors/roles/pn-gateway/usage.ts';
import { MAX_SUMS, type UsageSum } from '../../../events/fields.ts';
import { charging } from '../../../machines/cpns-server/charging.ts';
import { gatewayUsage } from '../../../machines/pn-gateway/usage.ts';
import { device, GATEWAY, gatewayIdentity, World } from '../../simulation/world.ts';
import { lie } from '../liar.ts';
import { fromDevice, last, said, toGateway } from '../talk.ts';
import { streamOf } from '../../../machines/streams.ts';

const KEY = 'key-1-----------------';
const sum = (messages: number): UsageSum => ({
  keyId: KEY,
  serviceId: 'echo',
  direction: 'up',
  messages,
  bytes: messages * 10,
  from: 0,
  to: 1,
});
const pns = ['home', 'office'].map((id) => ({
  id,
  gatewayId: GATEWAY,
  joinPolicy: 'open' as const,
  members: ['lamp'],
}));

async function started(): Promise<World> {
  const world = await World.start({ pns, devices: [device('lamp', 'home')], gateways: [GATEWAY, 'second'] });
  await world.calm();
  return world;
}

/** The PN GW records that it relayed so many messages of the lamp. */
async function record(world: World, messages: number, pnId = 'home'): Promise<void> {
  const taken = await world
    .runtime('gateway')
    ?.tell(streamOf('pn-gateway/usage', { gatewayId: GATEWAY, deviceId: 'lamp' }), () => [
      relayedUsage(GATEWAY, { pnId, deviceId: 'lamp' }, [sum(messages)]),
    ]);
  expect(taken).toBe('taken');
  await world.settle();
}

const counted = async (world: World, pnId = 'home') =>
  (await world.runtime('server')?.state(charging, streamOf('cpns-server/charging', { pnId, deviceId: 'lamp' })))
    ?.context.gateway;
const atGateway = async (world: World) =>
  (
    await world
      .runtime('gateway')
      ?.state(gatewayUsage, streamOf('pn-gateway/usage', { gatewayId: GATEWAY, deviceId: 'lamp' }))
  )?.value;
const received = async (world: World) =>
  (await world.events('server')).filter(({ type }) => type === 'GatewayUsageReceived');

describe('a report of usage', () => {
  test('is taken and answered, and the PN GW has nothing more to say', async () => {
    const world = await started();
    await record(world, 3);
    await world.calm();
    expect(await counted(world)).toEqual({ messages: 3, bytes: 30 });
    expect(last(world, 'wan.down.hub.usage-report-response').message.body).toEqual({ deviceId: 'lamp', code: 200 });
    expect(await atGateway(world)).toBe('idle');
    expect(await world.journal('gateway')?.pendingOutbox()).toEqual([]);
  });

  test('that is lost is sent again, with what came meanwhile in the next one', async () => {
    const world = await started();
    await record(world, 3);
    world.network.drop(0);
    await record(world, 4);
    await world.calm();
    expect(await counted(world)).toEqual({ messages: 7, bytes: 70 });
    expect(await received(world)).toHaveLength(2);
  });

  test('that comes twice, or whose answer is lost, is counted once and answered the same', async () => {
    const world = await started();
    await record(world, 3);
    world.network.duplicate(0);
    world.network.deliver(0);
    await world.settle();
    world.network.drop(world.network.inFlight.findIndex(({ subject }) => subject.endsWith('usage-report-response')));
    await world.calm();
    expect(await counted(world)).toEqual({ messages: 3, bytes: 30 });
    expect(await received(world)).toHaveLength(1);
    expect(new Set(said(world, 'usage-report-response').map(({ text }) => text)).size).toBe(1);
  });

  test.each(['gateway', 'server'] as const)('outlives the death of the %s', async (node) => {
    const world = await started();
    await record(world, 3);
    await world.kill(node);
    await world.calm(60_000);
    await world.startNode(node);
    await world.calm();
    expect(await counted(world)).toEqual({ messages: 3, bytes: 30 });
    expect(await atGateway(world)).toBe('idle');
  });

  test('waits for a server that is away, however long, in one request', async () => {
    const world = await started();
    await world.kill('server');
    for (let minute = 0; minute < 60; minute++) {
      await record(world, 1);
      world.clock.advance(60_000);
      await world.settle();
    }
    expect(await world.journal('gateway')?.pendingOutbox()).toHaveLength(1);
    await world.startNode('server');
    await world.calm();
    expect(await counted(world)).toEqual({ messages: 60, bytes: 600 });
    expect(await received(world)).toHaveLength(2);
  });

  test('is about one PN: that of another one goes in a report of its own', async () => {
    const world = await started();
    await record(world, 3);
    await record(world, 4, 'office');
    await world.calm();
    expect([await counted(world), await counted(world, 'office')]).toEqual([
      { messages: 3, bytes: 30 },
      { messages: 4, bytes: 40 },
    ]);
  });
});

describe('a PN GW that reports', () => {
  const report = (messageId: string, pnId: string) =>
    JSON.stringify({
      v: 1,
      type: 'usage-report',
      messageId,
      correlationId: 'c1',
      inReplyTo: null,
      body: { pnId, deviceId: 'lamp', usage: [sum(5)] },
    });

  test('for a PN of another one gets 403, and nothing is counted', async () => {
    const world = await started();
    const second = gatewayIdentity('second');
    const runtime = await startGateway(second, [], world.seams('second'));
    await world.drain();
    await runtime.settled();
    await world.drain();
    await lie(world, world.gatewaySession('second'), 'cpns.wan.up.second.usage-report', report('r1', 'home'));
    expect(last(world, 'wan.down.second.usage-report-response').message.body).toMatchObject({ code: 403 });
    expect(await received(world)).toEqual([]);
    await runtime.stop();
  });

  test('for a PN that is not there gets 404', async () => {
    const world = await started();
    await lie(world, world.gatewaySession(), 'cpns.wan.up.hub.usage-report', report('r1', 'nowhere'));
    expect(last(world, 'wan.down.hub.usage-report-response').message.body).toMatchObject({ code: 404 });
    expect(await received(world)).toEqual([]);
  });
});

describe('a PN GW counts the data that it relays', () => {
  const data = (counter: number, change: object = {}) => ({
    pnId: 'home',
    keyId: KEY,
    epoch: 0,
    counter,
    serviceId: 'echo',
    frame: 'A'.repeat(40),
    ...change,
  });
  const recorded = async (world: World) => {
    const events = (await world.events('gateway')).filter(({ type }) => type === 'UsageRecorded');
    return events.map(({ data }) => data['usage']);
  };
  const onWan = (world: World) => said(world, 'wan.up.hub.data').length;

  test('each frame of a service once, by the length of what is in it, and reports the sum of a minute', async () => {
    const world = await started();
    for (const counter of [0, 1, 0, 1, 2]) fromDevice(world, 'lamp', 'data', `m${counter}`, data(counter));
    fromDevice(world, 'lamp', 'data', 'm3', data(3, { serviceId: null }));
    await world.calm();
    expect([onWan(world), await recorded(world)]).toEqual([6, []]);
    world.clock.advance(60_000);
    await world.calm();
    const [one] = await recorded(world);
    expect(one).toMatchObject([{ keyId: KEY, serviceId: 'echo', direction: 'up', messages: 3, bytes: 3 }]);
    expect(await counted(world)).toEqual({ messages: 3, bytes: 3 });
  });

  test('what goes down as well, and records what is open when it is stopped', async () => {
    const world = await started();
    toGateway(world, 'data', 'm0', 'm1', { deviceId: 'lamp', ...data(0) });
    fromDevice(world, 'lamp', 'data', 'm2', data(0));
    await world.drain();
    await world.runtime('gateway')?.stop();
    expect(await recorded(world)).toMatchObject([[{ direction: 'down' }, { direction: 'up' }]]);
  });

  test('not for the PN of another one: that is not relayed', async () => {
    const world = await started();
    fromDevice(world, 'lamp', 'data', 'm0', data(0, { pnId: 'elsewhere' }));
    await world.calm();
    expect([onWan(world), world.runtime('gateway')?.stats.dropped]).toEqual([0, 1]);
  });

  test('and holds up a device that makes services up, with no event for each', async () => {
    const world = await started();
    for (let i = 0; i < 500; i++) fromDevice(world, 'lamp', 'data', `m${i}`, data(i, { serviceId: `s${i}` }));
    world.clock.advance(60_000);
    await world.calm();
    expect([onWan(world), (await recorded(world)).length]).toEqual([MAX_SUMS, 1]);
  });

  test('killed, it loses what it had not recorded, and nothing else', async () => {
    const world = await started();
    fromDevice(world, 'lamp', 'data', 'm0', data(0));
    world.clock.advance(60_000);
    await world.settle();
    fromDevice(world, 'lamp', 'data', 'm1', data(1));
    await world.kill('gateway');
    await world.startNode('gateway');
    await world.calm();
    expect(await counted(world)).toEqual({ messages: 1, bytes: 1 });
  });
});

import { describe, expect, test } from 'vitest';
import { startGateway } from '../../../actors/roles/start.ts';
import { relayedUsage, usageStream } from '../../../actors/roles/usage.ts';
import { chargingStream } from '../../../actors/roles/charging.ts';
import type { UsageSum } from '../../../events/fields.ts';
import { charging } from '../../../machines/cpns-server/charging.ts';
import { gatewayUsage } from '../../../machines/pn-gateway/usage.ts';
import { device, GATEWAY, gatewayIdentity, World } from '../../simulation/world.ts';
import { lie } from '../liar.ts';
import { last, said } from '../talk.ts';

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
    ?.tell(usageStream(GATEWAY, 'lamp'), () => [relayedUsage(GATEWAY, { pnId, deviceId: 'lamp' }, [sum(messages)])]);
  expect(taken).toBe('taken');
  await world.settle();
}

const counted = async (world: World, pnId = 'home') =>
  (await world.runtime('server')?.state(charging, chargingStream(pnId, 'lamp')))?.context.gateway;
const atGateway = async (world: World) =>
  (await world.runtime('gateway')?.state(gatewayUsage, usageStream(GATEWAY, 'lamp')))?.value;
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

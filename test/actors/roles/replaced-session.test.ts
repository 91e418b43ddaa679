import { expect, test } from 'vitest';
import { device, World, type NodeName } from '../../simulation/world.ts';

/** A session of a PN GW ends in the very commit that puts another in its place. */

const PNS = [{ id: 'home', gatewayId: 'hub', joinPolicy: 'open' as const, members: ['lamp'] }];

/** What the commit that took away the keys of a session said. */
const endOf = (world: World, node: NodeName, keyId: string) =>
  world.timeline
    .filter((moment) => moment.node === node && moment.keys.drop.includes(`session/${keyId}`))
    .flatMap(({ events }) => events)
    .flatMap(({ type, data }) => (data['keyId'] === keyId ? [{ type, reason: data['reason'] }] : []));

test('at the server when a PN GW that lost its journal registers anew', async () => {
  const world = await World.start({ pns: PNS, devices: [device('lamp', 'home')] });
  await world.drain();
  const { keyId } = world.gatewaySession();
  await world.kill('gateway');
  world.loseDisk('gateway');
  await world.startNode('gateway');
  await world.calm();
  expect(world.gatewaySession().keyId).not.toBe(keyId);
  expect(endOf(world, 'server', keyId)).toEqual([{ type: 'GatewaySessionClosed', reason: 'replaced' }]);
  expect([...world.disk('server').keys.keys()].filter((id) => id.includes(keyId))).toEqual([]);
});

test('at the PN GW when the server has lost it', async () => {
  const world = await World.start({ pns: PNS, devices: [device('lamp', 'home')] });
  await world.drain();
  const { keyId } = world.gatewaySession();
  await world.kill('server');
  world.disk('server').keys.delete(`session/${keyId}`);
  await world.startNode('server');
  await world.register('lamp');
  await world.calm();
  expect(world.gatewaySession().keyId).not.toBe(keyId);
  expect(endOf(world, 'gateway', keyId)).toEqual([{ type: 'GatewaySessionClosed', reason: 'replaced' }]);
  expect([...world.disk('gateway').keys.keys()].filter((id) => id.includes(keyId))).toEqual([]);
});

import { expect, test } from 'vitest';
import { MAX_MAILBOX, REFUSAL_WINDOW_MS } from '../../../actors/loop/limits.ts';
import { device, GATEWAY, UNLIMITED, World } from '../../simulation/world.ts';
import { fromDevice, toGateway, toServer } from '../talk.ts';

const FLOOD = 1_000;

async function registered(): Promise<World> {
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')], limits: UNLIMITED });
  await world.calm();
  await world.register('lamp');
  await world.calm();
  return world;
}

test('a device that makes up PNs in sealed messages fills neither the journal nor the memory of the server', async () => {
  const world = await registered();
  const before = (await world.events('server')).length;
  const sealed = { keyId: 'AAAAAAAAAAAAAAAAAAAAAA', counter: 0, frame: 'A'.repeat(22) };
  for (let i = 0; i < FLOOD; i++) fromDevice(world, 'lamp', 'sealed', `x${i}`, { pnId: `p${i}`, ...sealed });
  await world.drain();
  expect((await world.events('server')).length - before).toBe(1);
  expect(world.runtime('server')?.stats.units).toBeLessThan(5);
  world.clock.advance(REFUSAL_WINDOW_MS);
  await world.drain();
  const refused = (await world.events('server')).slice(before);
  expect(refused.map(({ type, data }) => [type, data['count']])).toEqual([
    ['MessageRefused', 1],
    ['MessageRefused', FLOOD - 1],
  ]);
});

test('a PN GW that makes up PNs is summed as well', async () => {
  const world = await registered();
  const before = (await world.events('server')).length;
  for (let i = 0; i < FLOOD; i++) {
    toServer(world, 'pn-update-request', `x${i}`, { pnId: `p${i}`, deviceId: 'lamp', action: 'add' });
  }
  await world.settle();
  const refused = (await world.events('server')).slice(before);
  expect(refused.map(({ type, data }) => [type, data['code']])).toEqual([['MessageRefused', 404]]);
});

test('a full mailbox is said in the log, once for all of it', async () => {
  const world = await registered();
  const before = world.log.lines.length;
  for (let i = 0; i < MAX_MAILBOX + 100; i++) {
    toGateway(world, 'inventory-notice', 'nobody', `n${i}`, { pnId: 'home', changes: [] });
  }
  expect(world.runtime('gateway')?.stats.busy).toBeGreaterThan(0);
  expect(world.log.lines.slice(before).map(({ message }) => message)).toEqual(['mailbox full']);
});

test('strangers who ask together at a PN that refuses each hear its code, at once', async () => {
  const home = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: [] };
  const ids = ['a', 'b', 'c'];
  const world = await World.start({ pns: [home], devices: ids.map((id) => device(id, 'home', 'needed')) });
  await world.calm();
  const stream = 'pn/home';
  await world.runtime('server')?.tell(stream, () => [{ stream, type: 'PnReleased', data: { pnId: 'home' } }]);
  for (const id of ids) await world.register(id);
  await world.drain();
  const events = await world.events('pnes');
  const codes = events.filter(({ type }) => type === 'RegistrationRefused').map(({ data }) => data['code']);
  expect(codes).toEqual([410, 410, 410]);
});

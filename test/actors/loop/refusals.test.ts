import { expect, test } from 'vitest';
import { REFUSAL_WINDOW_MS } from '../../../actors/loop/limits.ts';
import type { JsonObject } from '../../../journal/port.ts';
import { any, commitOf } from '../../journal/controls.ts';
import { device, GATEWAY, UNLIMITED, World } from '../../simulation/world.ts';
import { said, toServer } from '../talk.ts';
import { streamOf } from '../../../machines/streams.ts';

/** Refusals that are summed, while another process writes the same journal: the server learns it from the version alone. */

const home = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
const forged = { pnId: 'home', deviceId: 'lamp', handshake: 'A'.repeat(80) };

async function start(): Promise<World> {
  const world = await World.start({ pns: [home], devices: [device('lamp', 'home')], disk: 'slow', limits: UNLIMITED });
  await world.calm();
  toServer(world, 'registration-request', 'first', forged);
  await world.settle();
  return world;
}

async function writeBehind(world: World, type: string, data: JsonObject): Promise<void> {
  const like = (await world.events('server')).find(
    ({ stream }) => stream === streamOf('cpns-server/personal-network', { pnId: 'home' }),
  );
  if (like === undefined) throw new Error('no event to write another one like it');
  const event = { type, schemaVersion: 1, data, meta: like.meta };
  await world.journal('server')?.commit(
    commitOf({
      appends: [{ stream: streamOf('cpns-server/personal-network', { pnId: 'home' }), expected: any, events: [event] }],
    }),
  );
}

const codes = (world: World) =>
  said(world, 'wan.down.hub.registration-response').map(({ message }) => [message.inReplyTo, message.body['code']]);

test('one that is like another is answered by what is true now', async () => {
  const world = await start();
  await writeBehind(world, 'PnReleased', { pnId: 'home' });
  toServer(world, 'registration-request', 'like', forged);
  await world.settle();
  expect(codes(world)).toEqual([
    ['first', 401],
    ['like', 410],
  ]);
});

test('those that are computed again are counted once', async () => {
  const world = await start();
  const refusal = { message: 'pn-update-request', from: 'lamp', code: 409, count: 1 };
  await writeBehind(world, 'MessageRefused', refusal);
  toServer(world, 'pn-update-request', 'u1', { pnId: 'home', deviceId: 'lamp', action: 'add' });
  const likes = ['a', 'b', 'c', 'd'];
  for (const id of likes) toServer(world, 'registration-request', id, forged);
  await world.settle();
  expect(codes(world)).toEqual(['first', ...likes].map((id) => [id, 401]));
  world.clock.advance(REFUSAL_WINDOW_MS);
  await world.settle();
  const sums = (await world.events('server')).filter(({ data }) => data['code'] === 401 && 'count' in data);
  expect(sums.map(({ data }) => data['count'])).toEqual([likes.length]);
});

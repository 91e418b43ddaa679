import { expect, test } from 'vitest';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { streamOf } from '../../../machines/streams.ts';

const home = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['a'] };

/** Lets time pass without anybody asking for anything. */
async function pass(world: World, minutes: number): Promise<void> {
  for (let i = 0; i < minutes * 6; i++) {
    world.clock.advance(10_000);
    await world.drain();
  }
}

async function answerTo(world: World, deviceId: string): Promise<unknown> {
  await world.register(deviceId);
  await world.calm();
  const events = await world.events('pnes');
  const answers = events.filter(({ type }) => type === 'RegistrationRefused' || type === 'RegistrationAccepted');
  return answers.at(-1)?.data['code'];
}

test('a PN that the operator sets up after its PN GW started is established in time', async () => {
  const devices = [device('b', 'late', 'needed')];
  const world = await World.start({ pns: [home], gatewayPns: ['home', 'late'], devices });
  await world.calm();
  const data = { pnId: 'late', gatewayId: GATEWAY, joinPolicy: 'open' as const };
  const stream = streamOf('cpns-server/personal-network', { pnId: 'late' });
  await world.runtime('server')?.tell(stream, () => [{ stream, type: 'PnProvisioned', data }]);
  await pass(world, 5);
  expect(await answerTo(world, 'b')).toBe(200);
});

test('a PN that is released and set up again goes on', async () => {
  const world = await World.start({ pns: [home], devices: [device('a', 'home')] });
  await world.calm();
  const stream = streamOf('cpns-server/personal-network', { pnId: 'home' });
  const data = { pnId: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const };
  await world.runtime('server')?.tell(stream, () => [{ stream, type: 'PnReleased', data: { pnId: 'home' } }]);
  await world.runtime('server')?.tell(stream, () => [{ stream, type: 'PnProvisioned', data }]);
  expect(await answerTo(world, 'a')).toBe(200);
});

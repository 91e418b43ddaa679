import { expect, test } from 'vitest';
import { device, GATEWAY, World } from '../../../simulation/world.ts';

const FORGED = 1_000;

test('a flood of forged frames leaves no event, and those that are genuine are taken afterwards', async () => {
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')] });
  await world.calm();
  const { keyId } = world.gatewaySession();
  const eve = world.network.connect('eve');
  const before = (await world.events('server')).length;
  const forge = (counter: number): void => {
    const frame = { v: 1, keyId, start: 9, counter, frame: 'A'.repeat(200) };
    eve.publish(`cpns.wan.up.${GATEWAY}.registration-request`, JSON.stringify(frame));
  };
  for (let counter = 0; counter < FORGED; counter++) forge(counter);
  await world.drain();
  expect((await world.events('server')).length).toBe(before);
  const refused = world.log.lines.filter(({ message }) => message === 'frame refused');
  expect(refused.map(({ fields }) => fields)).toEqual([
    { gatewayId: GATEWAY, type: 'registration-request', reason: 'does not open' },
  ]);
  await world.register('lamp');
  await world.drain();
  expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
  await eve.close();
});

import { describe, expect, test } from 'vitest';
import { serverUsage } from '../../../actors/roles/cpns-server/charging.ts';
import { register } from '../../../actors/start.ts';
import type { UsageSum } from '../../../events/fields.ts';
import { isDifferent, SETTLE_MS, type Reconciled } from '../../../projections/charging/reconcile.ts';
import { recordsOf } from '../../simulation/charging.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { lie } from '../liar.ts';
import { streamOf } from '../../../machines/streams.ts';

const lamp = device('lamp', 'home');

/** The lamp's session was used ten times by the count of the server, and is over; another one stands. */
async function used() {
  const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] }];
  const world = await World.start({ pns, devices: [lamp] });
  await world.register('lamp');
  await world.calm();
  const keyId = String(
    (await world.events('pnes')).find(({ type }) => type === 'SecureSessionConfirmed')?.data['keyId'],
  );
  const sum = { keyId, serviceId: 'echo', direction: 'up', messages: 10, bytes: 100, from: 0, to: 1 } as const;
  const runtime = world.runtime('server');
  await runtime?.tell(streamOf('cpns-server/charging', { pnId: 'home', deviceId: 'lamp' }), () => [
    serverUsage('home', 'lamp', [sum]),
  ]);
  const pnes = world.runtime('pnes');
  if (pnes !== null) await register(pnes, lamp);
  await world.calm();
  return { world, sum };
}

let reports = 0;
/** What a PN GW, or whoever stole its session, reports. */
async function report(world: World, usage: UsageSum[], messageId = `r${reports++}`): Promise<void> {
  const body = { pnId: 'home', deviceId: 'lamp', usage };
  const message = { v: 1, type: 'usage-report', messageId, correlationId: 'c1', inReplyTo: null, body };
  await lie(world, world.gatewaySession(), 'cpns.wan.up.hub.usage-report', JSON.stringify(message));
}

/** The records of the lamp, once the time for reports is over. */
function settled(world: World): Promise<readonly Reconciled[]> {
  world.clock.advance(SETTLE_MS);
  return recordsOf(world);
}

describe('a PN GW that reports', () => {
  test.each([
    ['too much', { messages: 12, bytes: 150 }, { messages: 2, bytes: 50 }],
    ['too little', { messages: 7, bytes: 30 }, { messages: -3, bytes: -70 }],
  ])('%s shows as a settled difference, and the count of the server stays as it is', async (_, said, difference) => {
    const { world, sum } = await used();
    await report(world, [{ ...sum, ...said }]);
    expect(await settled(world)).toMatchObject([
      { server: { messages: 10, bytes: 100 }, gateway: said, difference, standing: 'settled' },
    ]);
  });

  test('nothing at all shows as a settled difference', async () => {
    const { world } = await used();
    expect(await settled(world)).toMatchObject([{ difference: { messages: -10, bytes: -100 }, standing: 'settled' }]);
  });

  test('the truth twice under two ids shows as one; under one id it is counted once', async () => {
    const { world, sum } = await used();
    await report(world, [sum], 'once');
    await report(world, [sum], 'once');
    expect((await settled(world)).filter(isDifferent)).toEqual([]);
    await report(world, [sum], 'again');
    expect(await settled(world)).toMatchObject([{ difference: { messages: 10 }, standing: 'settled' }]);
  });

  test('usage of a session that never was shows as one of its own', async () => {
    const { world, sum } = await used();
    await report(world, [sum, { ...sum, keyId: 'A'.repeat(22) }]);
    const differ = (await settled(world)).filter(isDifferent);
    expect(differ).toMatchObject([{ keyId: 'A'.repeat(22), session: 'unknown', standing: 'settled' }]);
  });
});

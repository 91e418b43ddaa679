import { expect, test } from 'vitest';
import { pnGateway } from '../../../machines/pn-gateway/gateway.ts';
import { localPn } from '../../../machines/pn-gateway/gateway-terms.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';

test('a PN GW establishes as many PNs as it may have', async () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => `pn-${i}`);
  const pns = ids.map((id) => ({ id, gatewayId: GATEWAY, joinPolicy: 'open' as const, members: [] }));
  const world = await World.start({ pns, devices: [device('lamp', 'pn-0')] });
  await world.calm();
  const state = await world.runtime('gateway')?.state(pnGateway, `gateway/${GATEWAY}`);
  const established = ids.filter((id) => state !== undefined && localPn(state.context, id)?.status === 'established');
  expect(established.length).toBe(1_000);
});

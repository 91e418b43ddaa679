import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { personalNetwork } from '../../machines/cpns-server/personal-network.ts';
import { pnGateway } from '../../machines/pn-gateway/gateway.ts';
import { localPn } from '../../machines/pn-gateway/gateway-terms.ts';
import { pneRegistration } from '../../machines/pne/registration.ts';
import { GATEWAY, type World } from '../simulation/world.ts';
import { outcomeOf, type Household } from './household.ts';
import { calm, decisionOn, play, RUNS, script } from './run.ts';
import { streamOf } from '../../machines/streams.ts';

const IN_SESSION = JSON.stringify({ registration: { registered: 'settled' }, session: 'established' });
const REFUSED = JSON.stringify({ registration: 'refused', session: 'none' });

async function outcomes(world: World): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { deviceId } of world.options.devices) {
    const state = await world.runtime('pnes')?.state(pneRegistration, streamOf('pne/registration', { deviceId }));
    found.push(`${deviceId} ${state?.context.code} ${JSON.stringify(state?.value)}`);
  }
  return found;
}

function expected(world: World, home: Household): readonly string[] {
  return world.options.devices.map(({ deviceId }, index) => {
    const code = outcomeOf(home, index, decisionOn(world, deviceId));
    return `${deviceId} ${code} ${code === 200 ? IN_SESSION : REFUSED}`;
  });
}

async function inventories(world: World) {
  const { context } =
    (await world.runtime('gateway')?.state(pnGateway, streamOf('pn-gateway/gateway', { gatewayId: GATEWAY }))) ?? {};
  const pairs = [];
  for (const { id } of world.pns) {
    const server = (
      await world.runtime('server')?.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: id }))
    )?.context;
    const local = context === undefined ? null : localPn(context, id);
    pairs.push({
      server: { members: server?.members, revision: server?.revision },
      gateway: { members: local?.members, revision: local?.revision },
    });
  }
  return pairs;
}

describe('after a generated run, in the calm', { timeout: 120_000 * Math.max(1, RUNS / 20) }, () => {
  test('every device ends with exactly the outcome that its provisioning says, and an operator where one decided', async () => {
    const property = fc.asyncProperty(script, async (run) => {
      const world = await play(run);
      await calm(world);
      expect(await outcomes(world)).toEqual(expected(world, run.home));
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  test("the PN GW's inventory equals the server's once it has caught up", async () => {
    const property = fc.asyncProperty(script, async (run) => {
      const world = await play(run);
      await calm(world);
      await world.kill('gateway');
      await calm(world);
      for (const { server, gateway } of await inventories(world)) expect(gateway).toEqual(server);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});

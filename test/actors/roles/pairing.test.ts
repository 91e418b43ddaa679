import { expect, test } from 'vitest';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { fromDevice } from '../talk.ts';

/** Which step of the change request a pairing is, whatever the PN GW is doing about the PNE meanwhile. */

const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] }];

type Step = readonly [type: string, crStep: string | null];

const steps = async (world: World): Promise<readonly Step[]> =>
  (await world.events('gateway'))
    .filter(({ type }) => type !== 'AnswerOverdue')
    .map(({ type, meta }) => [type, meta.crStep] as const);

/** Delivers and lets time pass until the newest event of the PN GW, but for attempts, is of this type. */
async function until(world: World, type: string): Promise<number> {
  for (let turn = 0; turn < 300; turn++) {
    const taken = await steps(world);
    if (taken.at(-1)?.[0] === type) return taken.length;
    if (world.network.inFlight.length > 0) world.network.deliver(0);
    else world.clock.fireNext();
    await world.settle();
  }
  throw new Error(`no ${type}`);
}

test('a stranger that pairs again while it is taken out takes the first step of its next attempt, and what takes it out none', async () => {
  const world = await World.start({ pns, devices: [device('cup', 'home', 'needed')] });
  await world.calm();
  await world.register('cup');
  await until(world, 'RegistrationForwarded');
  await world.kill('server');
  const from = await until(world, 'PnUpdateRequested');
  await world.kill('pnes');
  fromDevice(world, 'cup', 'pairing-request', 'again', {});
  await world.startNode('server');
  await world.calm();
  expect((await steps(world)).slice(from - 2)).toEqual([
    ['ResponseForwarded', '1.4.2/6'],
    ['PnUpdateRequested', null],
    ['PairingFormed', '1.4.2/1'],
    ['PnUpdateAnswered', null],
    ['LocalInventoryUpdated', null],
  ]);
});

test('a member that pairs while its registration is under way takes the first step of another one, and that goes on in 1.4.1', async () => {
  const world = await World.start({ pns, devices: [device('lamp', 'home')] });
  await world.calm();
  await world.register('lamp');
  const from = await until(world, 'RegistrationForwarded');
  fromDevice(world, 'lamp', 'pairing-request', 'again', {});
  await world.calm();
  expect((await steps(world)).slice(from - 1)).toEqual([
    ['RegistrationForwarded', '1.4.1/3'],
    ['PairingFormed', '1.4.2/1'],
    ['RegistrationAnswered', '1.4.1/3'],
    ['LocalInventoryUpdated', '1.4.1/3'],
    ['ResponseForwarded', '1.4.1/4'],
  ]);
});

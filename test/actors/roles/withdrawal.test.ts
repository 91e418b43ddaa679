import { expect, test } from 'vitest';
import type { RecordedEvent } from '../../../journal/port.ts';
import { device, GATEWAY, World, type NodeName } from '../../simulation/world.ts';

const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: [] }];

/** A stranger asked, was added provisionally, and the server fell silent about its registration. */
async function silent(): Promise<World> {
  const world = await World.start({ pns, devices: [device('lamp', 'home', 'needed')] });
  await world.calm();
  await world.register('lamp');
  const isForwarded = async (): Promise<boolean> =>
    (await world.events('gateway')).some(({ type }) => type === 'RegistrationForwarded');
  while (world.network.inFlight.length > 0 && !(await isForwarded())) {
    world.network.deliver(0);
    await world.settle();
  }
  expect(await isForwarded()).toBe(true);
  await world.kill('server');
  return world;
}

const since = async (world: World, node: NodeName, isFirst: (event: RecordedEvent) => boolean) => {
  const events = await world.events(node);
  const from = events.findIndex(isFirst);
  expect(from).toBeGreaterThan(-1);
  return events.slice(from).map(({ type, meta }) => [type, meta.crStep]);
};

test('a stranger that is taken out again is in no step of the change request, and its answer before that in the last', async () => {
  const world = await silent();
  const isWithdrawal = ({ data }: RecordedEvent): boolean => data['action'] === 'remove';
  for (let turn = 0; turn < 100 && !(await world.events('gateway')).some(isWithdrawal); turn++) {
    await world.drain();
    world.clock.fireNext();
    await world.settle();
  }
  await world.startNode('server');
  await world.calm();
  const [request, ...rest] = await since(world, 'gateway', ({ type }) => type === 'ResponseForwarded');
  expect(request).toEqual(['ResponseForwarded', '1.4.2/6']);
  const withdrawal = rest.filter(([type]) => type !== 'AnswerOverdue').slice(0, 2);
  expect(withdrawal).toEqual([
    ['PnUpdateRequested', null],
    ['PnUpdateAnswered', null],
  ]);
  expect((await since(world, 'server', isWithdrawal)).slice(0, 3)).toEqual([
    ['PnUpdateReceived', null],
    ['PneRemoved', null],
    ['PnUpdateAnswered', null],
  ]);
});

test('a stranger whose time is over leaves the inventory in no step of the change request', async () => {
  const world = await silent();
  await world.kill('gateway');
  await world.startNode('server');
  await world.calm();
  expect((await since(world, 'server', ({ type }) => type === 'ProvisionalOverdue')).slice(0, 2)).toEqual([
    ['ProvisionalOverdue', null],
    ['PneRemoved', null],
  ]);
});

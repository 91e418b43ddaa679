import { afterEach, beforeEach, expect, it } from 'vitest';
import { LEASE_MS, RENEW_EVERY_MS } from '../../../actors/cluster/membership.ts';
import type { TimerRow } from '../../../journal/port.ts';
import { commitOf } from '../../journal/controls.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { streamOf } from '../../../machines/streams.ts';

/** Two servers on one journal. What stands in the journal alone is what a process leaves that died after its commit. */
let world: World;
beforeEach(async () => {
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
  world = await World.start({ servers: 2, pns: [pn], devices: [device('lamp', 'home')] });
  await world.calm();
});
afterEach(async () => {
  for (const name of world.processes) await world.kill(name);
});

/** Everything is delivered meanwhile. */
async function pass(ms: number): Promise<void> {
  const until = world.clock.now() + ms;
  for (let due = world.clock.nextDue(); due !== null && due <= until; due = world.clock.nextDue()) {
    world.clock.fireNext();
    await world.drain();
  }
}

/** Long before whatever else a process looks for now and then (`IDLE_MS`). */
const TAKEN_OVER_MS = LEASE_MS + 2 * RENEW_EVERY_MS;
const stream = streamOf('cpns-server/personal-network', { pnId: 'home' });
const timerDueIn = (ms: number): TimerRow => ({
  stream,
  name: 'left-behind',
  dueAt: world.clock.now() + ms,
  event: { type: 'RegistrationTimedOut', data: {} },
  correlationId: 'c',
});
const journalOf = (name: 'server' | 'server-2') => {
  const journal = world.runtime(name)?.journal;
  if (journal === undefined) throw new Error(`${name} does not run`);
  return journal;
};

it.each([
  ['server', 'server-2'],
  ['server-2', 'server'],
] as const)('of %s that dies, %s fires the timers as soon as its lease ran out', async (dies, lives) => {
  const row = timerDueIn(TAKEN_OVER_MS);
  await journalOf(dies).commit(commitOf({ timers: { arm: [row], disarm: [] } }));
  await world.kill(dies);
  expect(await journalOf(lives).timer(stream, row.name)).toEqual(row);
  await pass(TAKEN_OVER_MS + 1);
  expect(await journalOf(lives).timer(stream, row.name)).toBeNull();
});

it('fires no timer that another process has disarmed meanwhile', async () => {
  const row = timerDueIn(10_000);
  await journalOf('server').commit(commitOf({ timers: { arm: [row], disarm: [] } }));
  for (const name of ['server', 'server-2'] as const) {
    await world.kill(name);
    await world.startNode(name);
  }
  await pass(TAKEN_OVER_MS);
  const armed = (['server', 'server-2'] as const).reduce(
    (all, name) => all + (world.runtime(name)?.stats.timers ?? 0),
    0,
  );
  expect(armed).toBeGreaterThan(0);
  await journalOf('server').commit(commitOf({ timers: { arm: [], disarm: [row] } }));
  const before = world.timeline.length;
  await pass(10_000);
  // A timer that fires and is not taken disarms itself, in a commit without anything else.
  const commits = world.timeline.slice(before).filter(({ events, keys }) => events.length + keys.put.length === 0);
  expect(commits).toEqual([]);
});

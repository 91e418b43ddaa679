import { expect, test } from 'vitest';
import { register } from '../../../actors/start.ts';
import { RecordedLog } from '../../../seams/log.ts';
import { reopenSessions, STEADY_MS } from '../../../cli/pne/reopening.ts';
import { BACK_OFF, delayMs } from '../../../machines/timing.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';

const lamp = device('lamp', 'home');

async function running() {
  const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] }];
  const world = await World.start({ pns, devices: [lamp] });
  const [runtime, journal] = [world.runtime('pnes'), world.journal('pnes')];
  if (runtime === null || journal === null) throw new Error('the PNEs do not run');
  const log = new RecordedLog();
  const { clock } = world;
  const end = reopenSessions({ devices: [lamp], journal, clock, log, register: () => register(runtime, lamp) });
  await world.calm();
  await world.register('lamp');
  await world.calm();
  const confirmed = async (): Promise<number> =>
    (await world.events('pnes')).filter(({ type }) => type === 'SecureSessionConfirmed').length;
  const closeAtServer = async (): Promise<void> => {
    const closing = world.session('server').close({ pnId: 'home', deviceId: 'lamp' });
    await world.calm();
    expect(await closing).toBe('closed');
  };
  const wait = async (ms: number): Promise<void> => {
    world.clock.advance(ms);
    await world.calm();
  };
  return { world, log, end, confirmed, closeAtServer, wait };
}

test('a device whose session the server closes registers again after a while', async () => {
  const { confirmed, closeAtServer, wait } = await running();
  expect(await confirmed()).toBe(1);
  await closeAtServer();
  await wait(delayMs(BACK_OFF, 1) - 1);
  expect(await confirmed()).toBe(1);
  await wait(1);
  expect(await confirmed()).toBe(2);
});

test('a device whose sessions the server closes at once waits longer each time, and then gives up', async () => {
  const { log, confirmed, closeAtServer, wait } = await running();
  for (let time = 1; time <= BACK_OFF.attempts; time++) {
    await closeAtServer();
    await wait(delayMs(BACK_OFF, time) - 1);
    expect(await confirmed()).toBe(time);
    await wait(1);
    expect(await confirmed()).toBe(time + 1);
  }
  await closeAtServer();
  await wait(STEADY_MS);
  expect(await confirmed()).toBe(BACK_OFF.attempts + 1);
  expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { deviceId: 'lamp' } });
});

test('a session that stood for long makes the waits begin anew', async () => {
  const { confirmed, closeAtServer, wait } = await running();
  await closeAtServer();
  await wait(delayMs(BACK_OFF, 1));
  await wait(STEADY_MS);
  await closeAtServer();
  await wait(delayMs(BACK_OFF, 1));
  expect(await confirmed()).toBe(3);
});

test('a device that has a session again before its wait is over keeps it', async () => {
  const { world, confirmed, closeAtServer, wait } = await running();
  await closeAtServer();
  await world.register('lamp');
  await world.calm();
  expect(await confirmed()).toBe(2);
  await wait(delayMs(BACK_OFF, 1));
  expect(await confirmed()).toBe(2);
});

test('nothing is registered once the process ends', async () => {
  const { end, confirmed, closeAtServer, wait } = await running();
  await closeAtServer();
  end();
  await wait(STEADY_MS);
  expect(await confirmed()).toBe(1);
});

import { expect, test } from 'vitest';
import { dataOf, inSession, isData, send, textsOf, until } from './sessions.ts';

test('while a PNE registers again its session carries data until the new one is confirmed', async () => {
  const sessions = await inSession();
  const { world, given } = sessions;
  await until(world, send(sessions, 'pnes', 'first'));
  await world.register('lamp');
  await world.settle();
  // The request for a new session is held back; data goes on in the one that stands.
  const during = send(sessions, 'pnes', 'during');
  await world.settle();
  for (;;) {
    const at = world.network.inFlight.findIndex(isData);
    if (at < 0) break;
    world.network.deliver(at);
    await world.settle();
  }
  expect(await during).toEqual({ kind: 'delivered' });
  await world.calm();
  for (const from of ['pnes', 'server'] as const) {
    expect(await until(world, send(sessions, from, 'after'))).toEqual({ kind: 'delivered' });
  }
  expect(textsOf(given.server)).toEqual(['first', 'during', 'after']);
  const keys = new Set((await dataOf(world, 'server', 'SecureSessionRekeyed')).map(({ keyId }) => keyId));
  expect(keys.size).toBe(2);
});

test('the server carries on in the session that stands while the PNE has not shown the next one', async () => {
  const sessions = await inSession();
  const { world, given } = sessions;
  await until(world, send(sessions, 'server', 'first'));
  const [standing] = await dataOf(world, 'server', 'SecureSessionEstablished');
  await world.register('lamp');
  await world.settle();
  // Up to the server's answer, which is held back.
  for (;;) {
    const at = world.network.inFlight.findIndex(({ subject }) => !subject.includes('.down.'));
    if (at < 0) break;
    world.network.deliver(at);
    await world.settle();
  }
  expect(await dataOf(world, 'server', 'RegistrationAnswered')).toHaveLength(2);
  const during = send(sessions, 'server', 'during');
  await world.settle();
  for (;;) {
    const at = world.network.inFlight.findIndex(isData);
    if (at < 0) break;
    world.network.deliver(at);
    await world.settle();
  }
  expect(await during).toEqual({ kind: 'delivered' });
  expect(textsOf(given.pnes)).toEqual(['first', 'during']);
  const used = (await dataOf(world, 'server', 'SecureSessionRekeyed')).map(({ keyId }) => keyId);
  expect(new Set(used)).toEqual(new Set([standing?.['keyId']]));
  await world.calm();
  expect(await until(world, send(sessions, 'server', 'after'))).toEqual({ kind: 'delivered' });
});

test('what is under way in a session that is replaced ends as unknown, what waited was not sent', async () => {
  const sessions = await inSession();
  const { world } = sessions;
  await until(world, send(sessions, 'pnes', 'first'));
  const all = Promise.all(Array.from({ length: 12 }, (_, index) => send(sessions, 'pnes', `${index}`)));
  await world.register('lamp');
  const outcomes = await until(world, all, (message) => (isData(message) ? 'lose' : 'deliver'));
  expect(outcomes.map(({ kind }) => kind)).toEqual([
    ...Array.from({ length: 8 }, () => 'unknown'),
    ...Array.from({ length: 4 }, () => 'noSession'),
  ]);
  await world.calm();
  expect(await until(world, send(sessions, 'pnes', 'last'))).toEqual({ kind: 'delivered' });
});

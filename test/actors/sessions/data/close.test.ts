import { describe, expect, test } from 'vitest';
import { registration } from '../../../../machines/cpns-server/registration.ts';
import { pneRegistration } from '../../../../machines/pne/registration.ts';
import type { World } from '../../../simulation/world.ts';
import { dataOf, inSession, PN, send, until, type Sessions } from './sessions.ts';
import { streamOf } from '../../../../machines/streams.ts';

const ENDS = ['pnes', 'server'] as const;
const close = ({ world }: Sessions, from: 'server' | 'pnes') =>
  world.session(from).close({ pnId: PN, deviceId: 'lamp' });
const reasons = async (world: World, node: 'server' | 'pnes') =>
  (await dataOf(world, node, 'SecureSessionClosed')).map(({ reason }) => reason);

async function states({ world }: Sessions) {
  const pne = await world.runtime('pnes')?.state(pneRegistration, streamOf('pne/registration', { deviceId: 'lamp' }));
  const server = await world
    .runtime('server')
    ?.state(registration, streamOf('cpns-server/registration', { pnId: PN, deviceId: 'lamp' }));
  return [pne?.value, server?.value];
}
const CLOSED = [
  { registration: { registered: 'settled' }, session: 'none' },
  { registration: { idle: 'registered' }, session: 'none' },
];

/** Keys that a node has at rest. */
function keysOf({ timeline }: World, node: 'server' | 'pnes'): readonly string[] {
  const kept = new Set<string>();
  for (const moment of timeline) {
    if (moment.node !== node) continue;
    for (const id of moment.keys.drop) kept.delete(id);
    for (const { id } of moment.keys.put) kept.add(id);
  }
  return [...kept].filter((id) => id.startsWith('session/'));
}

describe.each(ENDS)('a session that the %s closes', (from) => {
  const other = from === 'pnes' ? 'server' : 'pnes';

  test('is over at both ends, its keys are destroyed, and the registration stands', async () => {
    const sessions = await inSession();
    const { world } = sessions;
    await until(world, send(sessions, from, 'before'));
    const keyId = (await dataOf(world, 'pnes', 'SecureSessionEstablished')).at(-1)?.['keyId'];
    expect(await until(world, close(sessions, from))).toBe('closed');
    await world.calm();
    expect(await states(sessions)).toEqual(CLOSED);
    for (const node of ENDS) {
      expect(await reasons(world, node)).toEqual(['ended']);
      expect(keysOf(world, node)).not.toContain(`session/${keyId}`);
      expect(await until(world, send(sessions, node, 'after'))).toEqual({ kind: 'noSession' });
    }
    expect(await until(world, close(sessions, other))).toBe('noSession');
  });

  test('is over at this end when the other does not answer', async () => {
    const sessions = await inSession();
    const { world } = sessions;
    world.network.disconnect(other);
    expect(await until(world, close(sessions, from))).toBe('closed');
    expect(await reasons(world, from)).toEqual(['ended']);
    expect(await reasons(world, other)).toEqual([]);
    expect(keysOf(world, from).filter((id) => keysOf(world, other).includes(id))).toEqual([]);
  });

  test('is closed when its answer was lost, by the answer to the same message again', async () => {
    const sessions = await inSession();
    const { world } = sessions;
    let lost = 0;
    const down = from === 'pnes' ? 'down' : 'up';
    const outcome = await until(world, close(sessions, from), ({ subject }) => {
      const isAnswer = subject.startsWith(`cpns.link.hub.${down}`) && subject.endsWith('.sealed');
      if (!isAnswer || lost > 0) return 'deliver';
      lost += 1;
      return 'lose';
    });
    expect([outcome, lost]).toEqual(['closed', 1]);
    for (const node of ENDS) expect(await reasons(world, node)).toEqual(['ended']);
  });

  test('goes on being closed after a restart', async () => {
    const sessions = await inSession();
    const { world } = sessions;
    const refused = expect(close(sessions, from)).rejects.toThrow('The process stops');
    await world.settle();
    await world.kill(from);
    await refused;
    await world.startNode(from);
    await world.calm();
    expect(await states(sessions)).toEqual(CLOSED);
  });

  test('lets what is under way end as unknown, and carries nothing more', async () => {
    const sessions = await inSession();
    const { world, given } = sessions;
    await until(world, send(sessions, from, 'before'));
    const underWay = send(sessions, from, 'under way');
    await world.settle();
    const closing = close(sessions, from);
    await world.settle();
    expect((await underWay).kind).toBe('unknown');
    expect(await send(sessions, from, 'too late')).toEqual({ kind: 'noSession' });
    expect(await until(world, closing)).toBe('closed');
    expect([...given.server, ...given.pnes].length).toBeLessThanOrEqual(2);
  });

  test('is followed by a new one when the PNE registers again', async () => {
    const sessions = await inSession();
    const { world } = sessions;
    await until(world, close(sessions, from));
    expect(await world.register('lamp')).toBe('taken');
    await world.calm();
    for (const end of ENDS) expect(await until(world, send(sessions, end, 'again'))).toEqual({ kind: 'delivered' });
    expect(new Set((await dataOf(world, 'server', 'CpnsIdAllocated')).map(({ cpnsId }) => cpnsId)).size).toBe(1);
  });
});

test('a session that both ends close at once is over at both', async () => {
  const sessions = await inSession();
  const { world } = sessions;
  const both = Promise.all(ENDS.map((end) => close(sessions, end)));
  expect(await until(world, both)).toEqual(['closed', 'closed']);
  await world.calm();
  expect(await states(sessions)).toEqual(CLOSED);
});

test('two that close the same end at once both hear of it', async () => {
  const sessions = await inSession();
  const both = Promise.all([close(sessions, 'pnes'), close(sessions, 'pnes')]);
  expect(await until(sessions.world, both)).toEqual(['closed', 'closed']);
});

test('a PNE that registers while it closes does not wait for the answer', async () => {
  const sessions = await inSession();
  const { world } = sessions;
  const closing = close(sessions, 'pnes');
  await world.settle();
  expect(await world.register('lamp')).toBe('taken');
  expect(await closing).toBe('closed');
  await world.calm();
  expect(await reasons(world, 'pnes')).toEqual(['ended']);
  expect(await until(world, send(sessions, 'pnes', 'x'))).toEqual({ kind: 'delivered' });
});

test('a PNE that registers while the server closes has its new session', async () => {
  const sessions = await inSession();
  const { world } = sessions;
  world.network.disconnect('pnes');
  const closing = close(sessions, 'server');
  await world.drain();
  world.network.reconnect('pnes');
  await world.register('lamp');
  await world.calm();
  expect(await closing).toBe('closed');
  expect(await until(world, send(sessions, 'server', 'x'))).toEqual({ kind: 'delivered' });
});

test('no text of a session is ever sealed twice under one counter', async () => {
  const sessions = await inSession();
  const { world } = sessions;
  await until(world, Promise.all(ENDS.map((end) => close(sessions, end))));
  await world.calm();
  const frames = new Map<string, string>();
  for (const { subject, payload } of world.sent.filter((one) => /^cpns\.link\..*\.sealed$/.test(one.subject))) {
    const { body } = JSON.parse(new TextDecoder().decode(payload));
    const id = [subject, body.keyId, body.counter].join(' ');
    expect(frames.get(id) ?? body.frame).toBe(body.frame);
    frames.set(id, body.frame);
  }
  expect(frames.size).toBeGreaterThan(3);
});

import { describe, expect, test } from 'vitest';
import { sessionFromBytes } from '../../../../security/session.ts';
import type { World } from '../../../simulation/world.ts';
import { dataOf, inSession, isData, send, textsOf, until } from './sessions.ts';

const epochsOf = async (world: World, node: 'server' | 'pnes', direction: 'up' | 'down') =>
  (await dataOf(world, node, 'SecureSessionRekeyed'))
    .filter((data) => data['direction'] === direction)
    .map(({ epoch }) => epoch);

describe('the keys of a session change', () => {
  test('after so many frames, at both ends alike, and every message arrives once', async () => {
    const sessions = await inSession({ settings: { rekeyAfterMessages: 4 } });
    const { world, given } = sessions;
    for (let index = 0; index < 10; index++) {
      expect(await until(world, send(sessions, 'pnes', `${index}`))).toEqual({ kind: 'delivered' });
    }
    await world.drain();
    for (const node of ['server', 'pnes'] as const) {
      expect(await epochsOf(world, node, 'up')).toEqual([0, 1, 2]);
      expect(await epochsOf(world, node, 'down')).toEqual([0, 1, 2]);
    }
    expect(textsOf(given.server)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('within one message, frame by frame if need be', async () => {
    const sessions = await inSession({ settings: { rekeyAfterMessages: 1 } });
    const bytes = new Uint8Array(200_000).fill(3);
    expect(await until(sessions.world, send(sessions, 'pnes', bytes))).toEqual({ kind: 'delivered' });
    expect(sessions.given.server.map((message) => message.bytes.length)).toEqual([200_000]);
    expect(await epochsOf(sessions.world, 'server', 'up')).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('after so long a time', async () => {
    const sessions = await inSession({ settings: { rekeyAfterMs: 60_000 } });
    const { world } = sessions;
    await until(world, send(sessions, 'pnes', 'before'));
    world.clock.advance(59_000);
    await until(world, send(sessions, 'pnes', 'not yet'));
    expect(await epochsOf(world, 'pnes', 'up')).toEqual([0]);
    world.clock.advance(2_000);
    await until(world, send(sessions, 'pnes', 'after'));
    expect(await epochsOf(world, 'server', 'up')).toEqual([0, 1]);
  });

  test('and no key of an epoch that was claimed is at rest any more', async () => {
    const sessions = await inSession({ settings: { rekeyAfterMessages: 2 } });
    const { world } = sessions;
    for (let index = 0; index < 6; index++) await until(world, send(sessions, 'pnes', `${index}`));
    await world.drain();
    const last = new Map<string, number>();
    let claims = 0;
    for (const { node, events, keys } of world.timeline) {
      for (const { type, data } of events) {
        if (type !== 'SecureSessionRekeyed') continue;
        claims += 1;
        const [put] = keys.put;
        const session = put === undefined ? null : sessionFromBytes(put.secret);
        const direction = data['direction'] === 'up' ? 'up' : 'down';
        expect(session?.keyId).toBe(data['keyId']);
        expect(session?.chains[direction].epoch).toBe(Number(data['epoch']) + 1);
        expect(Number(data['epoch'])).toBeGreaterThan(last.get(`${node} ${direction}`) ?? -1);
        last.set(`${node} ${direction}`, Number(data['epoch']));
      }
    }
    expect(claims).toBeGreaterThan(8);
  });
});

describe('a frame that was held back', () => {
  test('is not taken after the grace time of its epoch, and its sender is told, at most once a second', async () => {
    const sessions = await inSession({ settings: { rekeyAfterMessages: 1, graceMs: 5_000 } });
    const { world, given } = sessions;
    await until(world, send(sessions, 'pnes', 'first'));
    const held = world.sent.filter((message) => isData(message) && message.subject.startsWith('cpns.link.hub.up'));
    await until(world, send(sessions, 'pnes', 'second'));
    world.clock.advance(5_000);
    await world.drain();
    const before = world.sent.length;
    const [copy] = held;
    if (copy === undefined) throw new Error('nothing was sent');
    const wire = world.network.connect('hostile');
    for (let copies = 0; copies < 50; copies++) wire.publish(copy.subject, copy.payload);
    await world.drain();
    expect(textsOf(given.server)).toEqual(['first', 'second']);
    const told = world.sent.slice(before).filter(({ subject }) => /^cpns\.link\.hub\.down\..*\.data$/.test(subject));
    expect(told).toHaveLength(1);
    world.clock.advance(1_000);
    wire.publish(copy.subject, copy.payload);
    await world.drain();
    expect(await until(world, send(sessions, 'pnes', 'third'))).toEqual({ kind: 'delivered' });
  });
});

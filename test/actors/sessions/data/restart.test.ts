import { describe, expect, test } from 'vitest';
import type { SendOutcome } from '../../../../actors/sessions/data/port.ts';
import { dataOf, inSession, isData, send, textsOf, until, type Sessions } from './sessions.ts';

describe('after a restart', () => {
  test.each(['server', 'pnes'] as const)('of the %s messages go on, under later epochs, both ways', async (node) => {
    const sessions = await inSession();
    const { world, given } = sessions;
    for (const from of ['pnes', 'server'] as const) await until(world, send(sessions, from, 'before'));
    await world.kill(node);
    await world.startNode(node);
    await world.drain();
    for (const from of ['pnes', 'server'] as const) {
      // The other end asks first: it heard nothing for a while.
      world.clock.advance(10_000);
      await world.drain();
      expect(await until(world, send(sessions, from, 'after'))).toEqual({ kind: 'delivered' });
    }
    expect(textsOf(given.server)).toEqual(['before', 'after']);
    expect(textsOf(given.pnes)).toEqual(['before', 'after']);
    for (const one of ['server', 'pnes'] as const) {
      const claims = await dataOf(world, one, 'SecureSessionRekeyed');
      const names = claims.map(({ direction, epoch }) => `${String(direction)} ${String(epoch)}`);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test('of a device the answer to what it asks then reaches it, however soon after its last message', async () => {
    const answers: Promise<SendOutcome>[] = [];
    const sessions: Sessions = await inSession({
      deliver: async ({ bytes }) => {
        answers.push(send(sessions, 'server', `answer to ${new TextDecoder().decode(bytes)}`));
        return 200;
      },
    });
    const { world, given } = sessions;
    for (const question of ['first', 'second', 'third']) {
      expect(await until(world, send(sessions, 'pnes', question))).toEqual({ kind: 'delivered' });
      expect(await until(world, Promise.all(answers))).toEqual(answers.map(() => ({ kind: 'delivered' })));
      await world.kill('pnes');
      await world.startNode('pnes');
    }
    expect(textsOf(given.pnes)).toEqual(['answer to first', 'answer to second', 'answer to third']);
  });

  test('of the receiver a frame of before is not taken again, and what nobody can know any more is said to be unknown', async () => {
    const sessions = await inSession();
    const { world, given } = sessions;
    await until(world, send(sessions, 'pnes', 'first'));
    // Delivered, but the answer is lost with the process.
    const outcome = send(sessions, 'pnes', 'second');
    await world.settle();
    while (given.server.length < 2) {
      world.network.deliver(0);
      await world.settle();
    }
    while (world.network.inFlight.length > 0) world.network.drop(0);
    await world.kill('server');
    await world.startNode('server');
    expect(await until(world, outcome)).toMatchObject({ kind: 'unknown' });
    expect(textsOf(given.server)).toEqual(['first', 'second']);
    expect(await until(world, send(sessions, 'pnes', 'third'))).toEqual({ kind: 'delivered' });
    expect(textsOf(given.server)).toEqual(['first', 'second', 'third']);
  });

  test.each(['beforeCommit', 'afterCommit'] as const)(
    'of a process that died %s of a claim nobody uses that epoch twice',
    async (point) => {
      const sessions = await inSession();
      const { world, given } = sessions;
      world.crashAt('pnes', point);
      const lost = send(sessions, 'pnes', 'lost');
      await world.settle();
      expect(world.isRunning('pnes')).toBe(false);
      await lost;
      await world.startNode('pnes');
      world.crashAt('server', point);
      const outcome = send(sessions, 'pnes', 'kept');
      await world.drain();
      expect(world.isRunning('server')).toBe(false);
      await world.startNode('server');
      expect(['delivered', 'unknown']).toContain((await until(world, outcome)).kind);
      expect(await until(world, send(sessions, 'pnes', 'last'))).toEqual({ kind: 'delivered' });
      const texts = textsOf(given.server);
      expect(new Set(texts).size).toBe(texts.length);
      expect(texts).toContain('last');
      expect(texts).not.toContain('lost');
      for (const node of ['server', 'pnes'] as const) {
        const epochs = (await dataOf(world, node, 'SecureSessionRekeyed'))
          .filter(({ direction }) => direction === 'up')
          .map(({ epoch }) => Number(epoch));
        expect(new Set(epochs).size).toBe(epochs.length);
      }
      // Under one key no counter is there twice with other bytes.
      const frames = new Map<string, string>();
      for (const { subject, payload } of world.sent.filter(isData)) {
        const { body } = JSON.parse(new TextDecoder().decode(payload));
        const way = /\.up\./.test(subject) ? 'up' : 'down';
        const id = [way, body.keyId, body.epoch, body.counter].join(' ');
        expect(frames.get(id) ?? body.frame).toBe(body.frame);
        frames.set(id, body.frame);
      }
    },
  );
});

test('a process that stops says of each message what it knows', async () => {
  const sessions = await inSession();
  const { world } = sessions;
  await until(world, send(sessions, 'pnes', 'delivered'));
  const underWay = send(sessions, 'pnes', 'under way');
  await world.settle();
  await world.session('pnes').stop();
  expect(await underWay).toMatchObject({ kind: 'unknown' });
  expect(await send(sessions, 'pnes', 'too late')).toEqual({ kind: 'noSession' });
});

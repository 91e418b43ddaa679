import { describe, expect, test } from 'vitest';
import { MAX_CHUNK_BYTES } from '../../../../security/data-frame.ts';
import { SeededEntropy } from '../../../../seams/entropy.ts';
import { dataOf, inSession, isData, PN, send, textsOf, until } from './sessions.ts';
import { MAX_APPLICATION_BYTES } from '../../../../messages/limits.ts';

const bytesOf = (length: number): Uint8Array => new SeededEntropy(`${length} bytes`).bytes(length);

describe('a message', () => {
  test.each([0, 1, MAX_CHUNK_BYTES, MAX_CHUNK_BYTES + 1, 65_536, MAX_APPLICATION_BYTES])(
    'of %i bytes arrives as it was sent, both ways',
    async (length) => {
      const sessions = await inSession();
      const bytes = bytesOf(length);
      for (const from of ['pnes', 'server'] as const) {
        expect(await until(sessions.world, send(sessions, from, bytes))).toEqual({ kind: 'delivered' });
      }
      for (const given of [sessions.given.server, sessions.given.pnes]) {
        expect(given.map(({ deviceId, pnId, serviceId }) => [deviceId, pnId, serviceId])).toEqual([
          ['lamp', PN, 'echo'],
        ]);
        expect(given.every((message) => Buffer.compare(message.bytes, bytes) === 0)).toBe(true);
      }
    },
  );

  test('that is too long, or for what is no service, is refused and nothing is sent', async () => {
    const sessions = await inSession();
    const { sent } = sessions.world;
    const before = sent.length;
    expect(await send(sessions, 'pnes', bytesOf(MAX_APPLICATION_BYTES + 1))).toEqual({ kind: 'refused', code: 400 });
    expect(await send(sessions, 'pnes', 'x', { serviceId: 'no service' })).toEqual({ kind: 'refused', code: 400 });
    expect(sent.length).toBe(before);
  });

  test('of a device that is not in session is not sent', async () => {
    const sessions = await inSession();
    expect(await until(sessions.world, send(sessions, 'server', 'x', { deviceId: 'nobody' }))).toEqual({
      kind: 'noSession',
    });
    expect(await until(sessions.world, send(sessions, 'pnes', 'x', { deviceId: 'nobody' }))).toEqual({
      kind: 'noSession',
    });
  });

  test('gets the code of the application, and one that throws counts as nobody there', async () => {
    const sessions = await inSession({
      deliver: ({ serviceId }) => (serviceId === 'broken' ? Promise.reject(new Error('broken')) : Promise.resolve(404)),
    });
    const { world } = sessions;
    const refused = (code: number) => ({ kind: 'refused', code });
    expect(await until(world, send(sessions, 'pnes', 'x', { serviceId: 'nothing' }))).toEqual(refused(404));
    expect(await until(world, send(sessions, 'pnes', 'x', { serviceId: 'broken' }))).toEqual(refused(503));
    expect(await until(world, send(sessions, 'pnes', bytesOf(100_000)))).toEqual(refused(404));
  });

  test('that the application never answers ends as unknown', async () => {
    const sessions = await inSession({ deliver: () => new Promise(() => {}) });
    expect(await until(sessions.world, send(sessions, 'pnes', 'x'))).toMatchObject({ kind: 'unknown' });
    expect(textsOf(sessions.given.server)).toEqual(['x']);
  });

  test('of one device is kept apart from those of another', async () => {
    const devices = ['lamp', 'plug', 'tag'];
    const sessions = await inSession({ devices });
    const all = devices.map((deviceId) => send(sessions, 'pnes', `of ${deviceId}`, { deviceId }));
    await until(sessions.world, Promise.all(all));
    expect(sessions.given.server.map(({ deviceId }) => deviceId).toSorted()).toEqual(devices);
    for (const { deviceId, bytes } of sessions.given.server)
      expect(textsOf([{ deviceId, bytes, pnId: PN, serviceId: '' }])).toEqual([`of ${deviceId}`]);
  });
});

describe('many messages', () => {
  test('at once are all delivered, those over the bound are refused at once', async () => {
    const sessions = await inSession();
    const all = Array.from({ length: 80 }, (_, index) => send(sessions, 'pnes', `${index}`));
    const outcomes = await until(sessions.world, Promise.all(all));
    const delivered = outcomes.filter(({ kind }) => kind === 'delivered').length;
    expect(outcomes.filter((one) => one.kind === 'refused' && one.code === 429)).toHaveLength(80 - delivered);
    expect(delivered).toBeGreaterThanOrEqual(64);
    expect(new Set(textsOf(sessions.given.server)).size).toBe(delivered);
  });

  test('are no events: only the keys of each direction are, once at each end', async () => {
    const sessions = await inSession();
    const before = (await sessions.world.events('server')).length;
    for (let round = 0; round < 5; round++) await until(sessions.world, send(sessions, 'pnes', 'x'.repeat(1_000)));
    await sessions.world.drain();
    expect((await sessions.world.events('server')).length - before).toBe(2);
    for (const node of ['server', 'pnes'] as const) {
      const claims = await dataOf(sessions.world, node, 'SecureSessionRekeyed');
      expect(claims.map(({ direction, epoch }) => [direction, epoch]).toSorted()).toEqual([
        ['down', 0],
        ['up', 0],
      ]);
    }
  });

  test('go in frames that nobody on the way can read', async () => {
    const sessions = await inSession();
    const secret = 'a text that nobody else may read';
    await until(sessions.world, send(sessions, 'pnes', secret));
    const wire = sessions.world.sent.filter(isData).map(({ payload }) => new TextDecoder().decode(payload));
    expect(wire.length).toBeGreaterThan(0);
    for (const spelt of ['utf8', 'base64url', 'hex'] as const) {
      const text = Buffer.from(secret).toString(spelt).slice(2, -3);
      for (const payload of wire) expect(payload).not.toContain(text);
    }
  });
});

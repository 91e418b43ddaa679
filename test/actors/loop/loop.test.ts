import { describe, expect, test } from 'vitest';
import { REFUSAL_WINDOW_MS } from '../../../actors/loop/limits.ts';
import { JournalError } from '../../../journal/port.ts';
import { device, GATEWAY, UNLIMITED, World } from '../../simulation/world.ts';
import { hand, last, said, toServer } from '../talk.ts';
import { streamOf } from '../../../machines/streams.ts';

const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
const full = new JournalError('full', 'The disk is full.', 'Make room.');

async function registered(disk: 'fast' | 'slow' = 'fast'): Promise<World> {
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')], disk, limits: UNLIMITED });
  await world.calm();
  await world.register('lamp');
  await world.calm();
  return world;
}

const refused = async (world: World) => (await world.events('server')).filter(({ type }) => type === 'MessageRefused');
const ask = (world: World, id: string, pnId: string) =>
  toServer(world, 'pn-update-request', id, { pnId, deviceId: 'lamp', action: 'add' });

describe('a message that comes again', () => {
  test('gets the stored answer, byte for byte, and is no new event', async () => {
    const world = await registered();
    const request = last(world, 'wan.up.hub.registration-request');
    const answer = last(world, 'wan.down.hub.registration-response');
    const before = await world.events('server');
    const from = world.sent.length;
    hand(world, 'server', request.subject, request.text);
    hand(world, 'server', request.subject, request.text);
    await world.settle();
    expect(said(world, 'registration-response', from).map(({ text }) => text)).toEqual([answer.text, answer.text]);
    expect(await world.events('server')).toEqual(before);
  });

  test('while its first copy is under way is answered once', async () => {
    const world = await registered();
    const from = world.sent.length;
    ask(world, 'u1', 'home');
    ask(world, 'u1', 'home');
    await world.settle();
    expect(said(world, 'pn-update-response', from)).toHaveLength(1);
  });

  test('after a restart gets the same answer still', async () => {
    const world = await registered();
    const request = last(world, 'wan.up.hub.registration-request');
    const answer = last(world, 'wan.down.hub.registration-response');
    await world.kill('server');
    await world.startNode('server');
    hand(world, 'server', request.subject, request.text);
    await world.settle();
    expect(last(world, 'registration-response').text).toBe(answer.text);
  });
});

describe('a message that the state cannot take', () => {
  test('is refused with the code of the state, and the refusal is an event', async () => {
    const world = await registered();
    ask(world, 'u1', 'nowhere');
    await world.settle();
    expect((await refused(world)).map(({ stream, data }) => ({ stream, data }))).toEqual([
      {
        stream: streamOf('cpns-server/personal-network', { pnId: 'nowhere' }),
        data: { message: 'pn-update-request', from: 'lamp', code: 404, count: 1 },
      },
    ]);
    expect(last(world, 'pn-update-response').message).toMatchObject({ inReplyTo: 'u1', body: { code: 404 } });
  });

  test('is summed with its like: one event for the window, with the right count; each sender is told', async () => {
    const world = await registered();
    for (const id of ['u1', 'u2', 'u3', 'u4', 'u5']) ask(world, id, 'nowhere');
    await world.settle();
    expect(await refused(world)).toHaveLength(1);
    const notices = said(world, 'wan.down.hub.notice').map(({ message }) => [message.inReplyTo, message.body['code']]);
    expect(notices).toEqual(['u2', 'u3', 'u4', 'u5'].map((id) => [id, 404]));
    world.clock.advance(REFUSAL_WINDOW_MS);
    await world.settle();
    expect((await refused(world)).map(({ data }) => data['count'])).toEqual([1, 4]);
  });

  test('gets an outcome, not a notice, when the commit of the first such refusal failed', async () => {
    const world = await registered();
    world.failCommits('server', { at: 'beforeCommit', error: full });
    ask(world, 'u1', 'nowhere');
    await world.settle();
    world.failCommits('server', null);
    ask(world, 'u1', 'nowhere');
    await world.settle();
    expect(last(world, 'pn-update-response').message).toMatchObject({ inReplyTo: 'u1', body: { code: 404 } });
    expect((await refused(world)).map(({ data }) => data['count'])).toEqual([1]);
  });

  test('is counted also when the process is stopped before the window closes', async () => {
    const world = await registered();
    for (const id of ['u1', 'u2', 'u3']) ask(world, id, 'nowhere');
    await world.runtime('server')?.stop();
    expect((await refused(world)).map(({ data }) => data['count'])).toEqual([1, 2]);
  });
});

describe('many messages of one unit at once', () => {
  test('are one batch, in their order, and answered in it', async () => {
    const world = await registered('slow');
    const [moments, from] = [world.timeline.length, world.sent.length];
    const ids = Array.from({ length: 40 }, (_, index) => `u${index}`);
    for (const id of ids) ask(world, id, 'home');
    await world.settle();
    const batches = world.timeline.slice(moments).filter(({ node }) => node === 'server');
    expect(batches).toHaveLength(1);
    const received = batches.flatMap(({ events }) => events).filter(({ type }) => type === 'PnUpdateReceived');
    expect(received.map(({ data }) => data['updateId'])).toEqual(ids);
    expect(said(world, 'pn-update-response', from).map(({ message }) => message.inReplyTo)).toEqual(ids);
  });
});

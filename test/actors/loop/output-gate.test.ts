import { describe, expect, test } from 'vitest';
import { Runtime } from '../../../actors/loop/runtime.ts';
import type { Command } from '../../../actors/loop/work.ts';
import { serverRole } from '../../../actors/roles/cpns-server/role.ts';
import { SimulatedClock } from '../../../seams/clock.ts';
import { SeededEntropy } from '../../../seams/entropy.ts';
import { RecordedLog } from '../../../seams/log.ts';
import { createMemoryNetwork } from '../../../wire/memory.ts';
import { MemoryJournal } from '../../../journal/memory.ts';
import { JournalError, type Commit, type RecordedEvent } from '../../../journal/port.ts';
import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import { createKeyring } from '../../../security/keyring.ts';
import { MAX_EVENTS_PER_STEP, TIMER_RETRY_MS } from '../../../actors/loop/limits.ts';
import { device, GATEWAY, secretOf, UNLIMITED, World } from '../../simulation/world.ts';
import { any, commitOf } from '../../journal/controls.ts';
import { hand, last, said, toServer } from '../talk.ts';
import { streamOf } from '../../../machines/streams.ts';

const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
const full = new JournalError('full', 'The disk is full.', 'Make room.');
const unsure = new JournalError('failed', 'The disk did not say.', 'Look.');

/** Established, with the registration request of the device on its way to the server. */
async function asking(secrets?: ReadonlyMap<string, Uint8Array>): Promise<World> {
  const world = await World.start({
    pns: [pn],
    devices: [device('lamp', 'home')],
    ...(secrets === undefined ? {} : { secrets }),
  });
  await world.calm();
  await world.register('lamp');
  await world.settle();
  world.network.deliver(0);
  await world.settle();
  expect(world.network.inFlight.map(({ subject }) => subject)).toEqual(['cpns.wan.up.hub.registration-request']);
  return world;
}

async function askAgain(world: World): Promise<void> {
  const { subject, text } = last(world, 'wan.up.hub.registration-request');
  hand(world, 'server', subject, text);
  await world.settle();
}

describe('when the commit fails', () => {
  test('nothing leaves, the sender hears 503, and the same message succeeds later', async () => {
    const world = await asking();
    const before = await world.events('server');
    world.failCommits('server', { at: 'beforeCommit', error: full });
    await askAgain(world);
    expect(said(world, 'wan.down.hub.registration-response')).toEqual([]);
    expect(last(world, 'wan.down.hub.notice').message).toMatchObject({ body: { code: 503, deviceId: 'lamp' } });
    expect(await world.events('server')).toEqual(before);
    world.failCommits('server', null);
    await askAgain(world);
    expect(last(world, 'wan.down.hub.registration-response').message.body['code']).toBe(200);
  });

  test('whoever gave a command hears of it', async () => {
    const world = await asking();
    const stream = streamOf('cpns-server/personal-network', { pnId: 'home' });
    const release = () => [{ stream, type: 'PnReleased', data: { pnId: 'home' } }];
    world.failCommits('server', { at: 'beforeCommit', error: full });
    await expect(world.runtime('server')?.tell(stream, release)).rejects.toThrow('The disk is full.');
    expect(world.runtime('server')?.stats.failedSteps).toBe(1);
    world.failCommits('server', null);
    await expect(world.runtime('server')?.tell(stream, release)).resolves.toBe('taken');
  });

  test('and yet was kept, its timers and requests are taken up all the same', async () => {
    const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')] });
    await world.calm();
    await world.register('lamp');
    await world.settle();
    world.failCommits('gateway', { at: 'afterCommit', error: unsure });
    world.network.deliver(0);
    await world.settle();
    world.failCommits('gateway', null);
    expect(said(world, 'wan.up.hub.registration-request')).toEqual([]);
    world.clock.advance(TIMER_RETRY_MS);
    await world.settle();
    expect(said(world, 'wan.up.hub.registration-request')).not.toEqual([]);
    await world.calm();
    const state = (await world.events('pnes')).map(({ type }) => type);
    expect(state).toContain('SecureSessionConfirmed');
  });

  test('a timer is tried again until it succeeds', async () => {
    const world = await asking();
    world.failCommits('gateway', { at: 'beforeCommit', error: full });
    world.clock.advance(500);
    await world.settle();
    world.clock.advance(TIMER_RETRY_MS);
    await world.settle();
    world.failCommits('gateway', null);
    expect(said(world, 'wan.up.hub.registration-request')).toHaveLength(1);
    world.clock.advance(TIMER_RETRY_MS);
    await world.settle();
    expect(said(world, 'wan.up.hub.registration-request')).toHaveLength(2);
  });
});

describe('when a step goes wrong', () => {
  test('because a fact cannot be had, nothing is lost: the same message succeeds later', async () => {
    class Flaky extends Map<string, Uint8Array> {
      failures = 1;
      override get(id: string): Uint8Array | undefined {
        if (this.failures-- > 0) throw new Error('no answer from the credential store');
        return super.get(id);
      }
    }
    const world = await asking(new Flaky([['lamp', secretOf('lamp')]]));
    const before = await world.events('server');
    await askAgain(world);
    expect(await world.events('server')).toEqual(before);
    expect(last(world, 'wan.down.hub.notice').message.body['code']).toBe(503);
    await askAgain(world);
    expect(last(world, 'wan.down.hub.registration-response').message.body['code']).toBe(200);
  });

  test('because it makes too many events, none of them is kept', async () => {
    const bytes = (length: number) => new SeededEntropy('bytes').bytes(length);
    const role = serverRole({
      idKey: secretOf('id'),
      gatewayCredential: () => ({ kind: 'none' as const }),
      pneCredential: () => ({ kind: 'none' }),
    });
    const stream = streamOf('cpns-server/personal-network', { pnId: 'home' });
    const refusal = { stream, type: 'MessageRefused', data: { message: 'm', from: 'f', code: 409, count: 1 } };
    const clock = new SimulatedClock();
    const log = new RecordedLog();
    const journal = new MemoryJournal();
    const runtime = new Runtime({
      role,
      journal,
      wire: createMemoryNetwork({ clock, log }).connect('server'),
      clock,
      entropy: new SeededEntropy('ids'),
      log,
      keyring: createKeyring({ kek: secretOf('kek'), bytes }),
      observers: 'none',
    });
    await runtime.start();
    const told = runtime.tell(stream, () => Array.from({ length: MAX_EVENTS_PER_STEP + 1 }, () => refusal));
    await expect(told).rejects.toThrow(`more than ${MAX_EVENTS_PER_STEP} events`);
    expect(await journal.head()).toBe(0);
    await runtime.stop();
  });
});

describe('when somebody else wrote the stream', () => {
  test('the step is done again on what is there now', async () => {
    const world = await asking();
    await writeBehind(world);
    await askAgain(world);
    expect(last(world, 'wan.down.hub.registration-response').message.body['code']).toBe(200);
    const versions = (await world.events('server')).filter(({ stream }) => stream === 'pn/home');
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, index) => index + 1));
  });

  test('many steps under way are done again in their order', async () => {
    const devices = [device('lamp', 'home')];
    const world = await World.start({ pns: [pn], devices, disk: 'slow', limits: UNLIMITED });
    await world.calm();
    const from = world.sent.length;
    const ids = Array.from({ length: 30 }, (_, index) => `u${index}`);
    toServer(world, 'pn-update-request', 'u-first', { pnId: 'home', deviceId: 'lamp', action: 'add' });
    await world.settle();
    void writeBehind(world);
    for (const id of ids) toServer(world, 'pn-update-request', id, { pnId: 'home', deviceId: 'lamp', action: 'add' });
    await world.settle();
    const answered = said(world, 'pn-update-response', from).map(({ message }) => message.inReplyTo);
    expect(answered).toEqual(['u-first', ...ids]);
  });

  test('a step that was computed on the one that lost is done again, though the version that it expects is there', async () => {
    const devices = [device('lamp', 'home')];
    const world = await World.start({ pns: [pn], devices, disk: 'slow' });
    await world.calm();
    const server = world.runtime('server');
    const [like] = await world.events('server');
    // Each says how many refusals it knows of, and one more.
    const count: Command = async (scope) => {
      const { refusals } = (
        await scope.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId: 'home' }))
      ).context;
      return [
        {
          stream: streamOf('cpns-server/personal-network', { pnId: 'home' }),
          type: 'MessageRefused',
          data: refusedAt(refusals + 1),
        },
      ];
    };
    await server?.tell(streamOf('cpns-server/personal-network', { pnId: 'home' }), count);
    const theirs = like === undefined ? null : world.journal('server')?.commit(refusalLike(like, 100));
    await Promise.all([
      theirs,
      server?.tell(streamOf('cpns-server/personal-network', { pnId: 'home' }), count),
      server?.tell(streamOf('cpns-server/personal-network', { pnId: 'home' }), count),
    ]);
    const counted = (await world.events('server')).filter(({ type }) => type === 'MessageRefused');
    expect(counted.map(({ data }) => data['count'])).toEqual([1, 100, 102, 204]);
  });
});

const refusedAt = (count: number) => ({ message: 'm', from: 'elsewhere', code: 409, count });

function refusalLike({ meta }: RecordedEvent, count: number): Commit {
  const event = { type: 'MessageRefused', schemaVersion: 1, data: refusedAt(count), meta };
  return commitOf({
    appends: [{ stream: streamOf('cpns-server/personal-network', { pnId: 'home' }), expected: any, events: [event] }],
  });
}

/** Another writer of the same journal: the runtime learns it from the version conflict only. */
async function writeBehind(world: World): Promise<void> {
  const [like] = await world.events('server');
  if (like === undefined) throw new Error('no event to write another one like it');
  await world.journal('server')?.commit(refusalLike(like, 1));
}

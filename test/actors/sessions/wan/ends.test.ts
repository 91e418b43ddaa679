import { streamOf } from '../../../../machines/streams.ts';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryJournal } from '../../../../journal/memory.ts';
import { pnGateway } from '../../../../machines/pn-gateway/gateway.ts';
import { createKeyring } from '../../../../security/keyring.ts';
import { FRAMES_RESERVED, openSessionBook, PAUSE_MS } from '../../../../actors/sessions/wan/session-book.ts';
import { Warnings } from '../../../../seams/warnings.ts';
import { device, GATEWAY, World } from '../../../simulation/world.ts';
import { inject, lie } from '../../liar.ts';
import { hand, last, said } from '../../talk.ts';

const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp', 'radio'] };
const NOTICE = `cpns.wan.down.${GATEWAY}.notice`;

async function established(): Promise<World> {
  const world = await World.start({ pns: [pn], devices: pn.members.map((id) => device(id, 'home')) });
  await world.calm();
  return world;
}

const registrations = async (world: World): Promise<number> =>
  (await world.events('gateway')).filter(({ type }) => type === 'GatewayRegistrationRequested').length;

async function registers(world: World, deviceId: string): Promise<void> {
  await world.register(deviceId);
  await world.calm();
  const events = (await world.events('pnes')).filter(({ stream }) => stream === `pne/${deviceId}`);
  expect(events.at(-1)?.type).toBe('SecureSessionConfirmed');
}

/** Frames on the WAN in one direction, as they went over the wire. */
const framesOf = (world: World, direction: 'up' | 'down') =>
  world.sent.filter(({ subject, payload, frame }) => subject.startsWith(`cpns.wan.${direction}.`) && payload !== frame);

/** All that were refused: the log sums them. */
const warned = vi.spyOn(Warnings.prototype, 'say');
beforeEach(() => void warned.mockClear());
const refusals = (reason: string): number =>
  warned.mock.calls.filter(([, fields]) => fields['reason'] === reason).length;

const notice = (keyId: string): string => {
  const body = { code: 401, deviceId: null, keyId };
  return JSON.stringify({ v: 1, type: 'notice', messageId: 'n1', correlationId: 'c1', inReplyTo: null, body });
};

describe('on the wire between PN GW and CPNS Server', () => {
  test('nothing can be read but the registration of the PN GW and notices', async () => {
    const world = await established();
    await registers(world, 'lamp');
    const plain = world.sent.filter(
      ({ subject, payload, frame }) => subject.startsWith('cpns.wan.') && payload === frame,
    );
    expect(new Set(plain.map(({ subject }) => subject))).toEqual(
      new Set(['cpns.wan.up.hub.gateway-registration-request', 'cpns.wan.down.hub.gateway-registration-response']),
    );
    const sealed = framesOf(world, 'up').concat(framesOf(world, 'down'));
    expect(sealed.length).toBeGreaterThan(4);
    for (const { frame } of sealed) expect(Buffer.from(frame).toString('utf8')).not.toContain('lamp');
  });

  test('what is not sealed is refused and moves nothing', async () => {
    const world = await established();
    const before = await world.events('server');
    const body = { pnId: 'home', deviceId: 'spy', action: 'add' };
    const clear = { v: 1, type: 'pn-update-request', messageId: 'u1', correlationId: 'c1', inReplyTo: null, body };
    await inject(world, 'cpns.wan.up.hub.pn-update-request', JSON.stringify(clear));
    expect(await world.events('server')).toEqual(before);
    expect(refusals('not sealed')).toBe(1);
  });
});

describe('the session of a PN GW', () => {
  test.each(['server', 'gateway'] as const)('outlives a restart of the %s: nobody registers anew', async (node) => {
    const world = await established();
    await registers(world, 'lamp');
    const { keyId } = world.gatewaySession();
    for (let restart = 0; restart < 3; restart++) {
      await world.kill(node);
      await world.startNode(node);
      await registers(world, restart % 2 === 0 ? 'radio' : 'lamp');
    }
    expect(await registrations(world)).toBe(1);
    expect(world.gatewaySession().keyId).toBe(keyId);
  });

  test('that the server has no key of any more is replaced, and what was asked meanwhile is answered', async () => {
    const world = await established();
    const { keyId } = world.gatewaySession();
    await world.kill('server');
    world.disk('server').keys.delete(`session/${keyId}`);
    await world.startNode('server');
    await registers(world, 'lamp');
    const lost = (await world.events('gateway')).filter(({ type }) => type === 'GatewaySessionLost');
    expect(lost.map(({ data }) => data)).toEqual([{ keyId }]);
    expect(await registrations(world)).toBe(2);
    expect(world.gatewaySession().keyId).not.toBe(keyId);
  });

  test('is made anew when the journal of the server is lost', async () => {
    const world = await established();
    await world.kill('server');
    world.loseDisk('server');
    await world.startNode('server');
    await registers(world, 'lamp');
    expect(await registrations(world)).toBe(2);
  });

  test('that is replaced leaves no key behind on either side', async () => {
    const world = await established();
    const { keyId } = world.gatewaySession();
    await inject(world, NOTICE, notice(keyId));
    await world.calm();
    for (const node of ['server', 'gateway'] as const) {
      const ids = [...world.disk(node).keys.keys()];
      expect([node, ids.filter((id) => id.includes(keyId))]).toEqual([node, []]);
      expect(ids).toContain(`session/${world.gatewaySession().keyId}`);
    }
  });

  test('that is not known is told of once a second, however many frames come', async () => {
    const world = await established();
    const stranger = { ...world.gatewaySession(), keyId: 'stranger--------------' };
    const speak = () => lie(world, stranger, 'cpns.wan.up.hub.pn-update-request', '{}');
    for (let times = 0; times < 20; times++) await speak();
    expect(said(world, NOTICE).map(({ message }) => message.body)).toEqual([
      { code: 401, deviceId: null, keyId: stranger.keyId },
    ]);
    world.clock.advance(1_000);
    await speak();
    expect(said(world, NOTICE)).toHaveLength(2);
  });
});

describe('a notice that somebody forged', () => {
  test('makes the PN GW register again, and nothing else', async () => {
    const world = await established();
    const { keyId } = world.gatewaySession();
    await inject(world, NOTICE, notice(keyId));
    await world.calm();
    expect(await registrations(world)).toBe(2);
    await registers(world, 'lamp');
    await inject(world, NOTICE, notice(keyId));
    await world.calm();
    expect(await registrations(world)).toBe(2);
  });

  test('about another session leaves no trace in the journal', async () => {
    const world = await established();
    const before = await world.events('gateway');
    for (let times = 0; times < 20; times++) await inject(world, NOTICE, notice('stranger--------------'));
    expect(await world.events('gateway')).toEqual(before);
  });

  test('does not take the session away before there is another one', async () => {
    const world = await established();
    world.network.disconnect('server');
    await inject(world, NOTICE, notice(world.gatewaySession().keyId));
    world.clock.advance(300_000);
    await world.settle();
    world.network.reconnect('server');
    await registers(world, 'lamp');
  });
});

describe('an answer under a session that is being replaced', () => {
  test('is taken when it comes again, after the PN GW has registered anew', async () => {
    const world = await established();
    await world.register('lamp');
    await world.settle();
    for (let step = 0; step < 2; step++) {
      world.network.deliver(0);
      await world.settle();
    }
    expect(world.network.inFlight[0]?.subject).toBe('cpns.wan.down.hub.registration-response');
    hand(world, 'gateway', NOTICE, notice(world.gatewaySession().keyId));
    await world.settle();
    world.network.deliver(0);
    await world.settle();
    expect(last(world, 'gateway-registration-request').message.type).toBe('gateway-registration-request');
    await world.calm();
    expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
    expect(world.runtime('gateway')?.stats.failedSteps).toBe(0);
  });
});

describe('frames that are sent again after the receiver was killed', () => {
  const many = Array.from({ length: 200 }, (_, index) => `d${index}`);

  test.each([
    ['server', 'up'],
    ['gateway', 'down'],
  ] as const)('to the %s (all that went %s) move nothing: not one of them is opened', async (node, direction) => {
    const devices = many.map((id) => device(id, 'home'));
    const world = await World.start({ pns: [{ ...pn, members: many }], devices });
    await world.drain();
    for (const id of many) await world.register(id);
    await world.calm();
    const frames = framesOf(world, direction);
    expect(frames.length).toBeGreaterThan(FRAMES_RESERVED);
    await world.kill(node);
    await world.startNode(node);
    await world.calm();
    const [before, states] = [await world.events(node), await world.events('pnes')];
    const from = world.sent.length;
    const counted = refusals('repeated frame');
    for (const { subject, frame } of frames) await inject(world, subject, frame);
    await world.drain();
    expect(await world.events(node)).toEqual(before);
    expect(await world.events('pnes')).toEqual(states);
    const refused = refusals('repeated frame') - counted;
    expect(refused).toBe(frames.length);
    const others = world.sent.slice(from).filter(({ subject }) => !subject.startsWith(`cpns.wan.${direction}.`));
    expect(others).toEqual([]);
  });

  test('after any message: what it had taken is not opened again, and all are registered in the end', async () => {
    const members = many.slice(0, 6);
    const devices = members.map((id) => device(id, 'home'));
    const world = await World.start({ pns: [{ ...pn, members }], devices });
    await world.drain();
    for (const id of members) await world.register(id);
    await world.settle();
    const taken: { readonly subject: string; readonly payload: Uint8Array }[] = [];
    for (let turn = 0; turn < 40; turn++) {
      const [next] = world.network.inFlight;
      if (next === undefined) break;
      const repeated = refusals('repeated frame');
      world.network.deliver(0);
      await world.settle();
      if (!next.subject.startsWith('cpns.wan.up.')) continue;
      if (refusals('repeated frame') === repeated) taken.push(next);
      await world.kill('server');
      await world.startNode('server');
      await world.settle();
      const before = refusals('repeated frame');
      for (const { subject, payload } of taken) await inject(world, subject, payload);
      expect(refusals('repeated frame') - before).toBe(taken.length);
    }
    expect(taken.length).toBeGreaterThan(0);
    await world.calm();
    for (const id of members) {
      const events = (await world.events('pnes')).filter(({ stream }) => stream === `pne/${id}`);
      expect([id, events.at(-1)?.type]).toEqual([id, 'SecureSessionConfirmed']);
    }
  });

  test('and every one of them while it lives', async () => {
    const world = await established();
    await registers(world, 'lamp');
    const frames = framesOf(world, 'up');
    const before = await world.events('server');
    const from = world.sent.length;
    for (const { subject, frame } of frames) await inject(world, subject, frame);
    expect(refusals('repeated frame')).toBe(frames.length);
    expect(said(world, 'response', from)).toEqual([]);
    expect(await world.events('server')).toEqual(before);
  });
});

test('after a pause a PN GW numbers its frames behind what the server can have reserved, and at once without one', async () => {
  const world = await established();
  const book = await openSessionBook({
    journal: new MemoryJournal(),
    keyring: createKeyring({ kek: new Uint8Array(32), bytes: (length) => new Uint8Array(length) }),
    log: world.log,
    clock: world.clock,
    chart: pnGateway,
    streamOf: (gatewayId) => streamOf('pn-gateway/gateway', { gatewayId }),
    changedBy: ['GatewayRegistered'],
  });
  const counters = [0, PAUSE_MS - 1, PAUSE_MS, 0, 3_600_000].map((pauseMs) => {
    world.clock.advance(pauseMs);
    return book.nextNumber().counter;
  });
  expect(counters).toEqual([0, 1, 2 + FRAMES_RESERVED, 3 + FRAMES_RESERVED, 4 + 2 * FRAMES_RESERVED]);
});

test('a PN GW without the secret that the server has gets no session and is not heard', async () => {
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')], gateways: ['other'] });
  await world.drain();
  await world.register('lamp');
  await world.drain();
  expect(framesOf(world, 'up')).toEqual([]);
  const types = (await world.events('server')).map(({ type }) => type);
  expect(types).toContain('GatewayAuthenticationFailed');
  expect(types).not.toContain('PnEstablished');
});

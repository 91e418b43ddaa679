import { describe, expect, test } from 'vitest';
import { streamOf } from '../../../machines/streams.ts';
import { startGateway } from '../../../actors/start.ts';
import { pneRegistration } from '../../../machines/pne/registration.ts';
import { device, GATEWAY, gatewayIdentity, secretOf, World } from '../../simulation/world.ts';
import { lie } from '../liar.ts';
import { hand, last, said, type Said } from '../talk.ts';

const pns = ['home', 'office'].map((id) => ({
  id,
  gatewayId: GATEWAY,
  joinPolicy: 'open' as const,
  members: ['lamp', 'radio'],
}));

/** A world in which the PN GW holds the request of the lamp, and the server has not seen it. */
async function intercepted() {
  const world = await World.start({
    pns,
    devices: [device('lamp', 'home')],
    gateways: [GATEWAY, 'second'],
    secrets: new Map(['lamp', 'radio'].map((id) => [id, secretOf(id)])),
  });
  await world.calm();
  await world.register('lamp');
  await world.settle();
  world.network.deliver(0);
  await world.settle();
  world.network.drop(0);
  const { subject, message } = last(world, 'wan.up.hub.registration-request');
  return { world, subject, message };
}

function flipped(handshake: unknown, at: number): string {
  const bytes = Buffer.from(String(handshake), 'base64url');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

type Lie = (message: Said['message']) => object;
const withBody = (message: Said['message'], lie: object) => ({ body: { ...message.body, ...lie } });

const lies: readonly (readonly [string, Lie])[] = [
  ['alters a byte of the key', (m) => withBody(m, { handshake: flipped(m.body['handshake'], 0) })],
  ['alters a byte of the tag', (m) => withBody(m, { handshake: flipped(m.body['handshake'], 47) })],
  ['says another PN', (m) => withBody(m, { pnId: 'office' })],
  ['says another device', (m) => withBody(m, { deviceId: 'radio' })],
  ['replays it under another requestId', () => ({ messageId: 'another' })],
];

describe('a PN GW that lies about a registration', () => {
  test.each(lies)('%s: 401 and an event; the very same lie again gets its stored answer', async (_, twist) => {
    const { world, subject, message } = await intercepted();
    const text = JSON.stringify({ ...message, ...twist(message) });
    await lie(world, world.gatewaySession(), subject, text);
    const answer = last(world, 'wan.down.hub.registration-response');
    expect(answer.message.body).toMatchObject({ code: 401, handshake: null });
    const events = await world.events('server');
    expect(events.map(({ type }) => type)).toContain('PneAuthenticationFailed');
    expect(events.map(({ type }) => type)).not.toContain('CpnsIdAllocated');
    await lie(world, world.gatewaySession(), subject, text);
    const answers = said(world, 'wan.down.hub.registration-response').map((one) => one.text);
    expect(answers).toEqual([answer.text, answer.text]);
    expect(await world.events('server')).toEqual(events);
  });

  test('and passes it on as another PN GW, which has registered as well: 401 and an event', async () => {
    const { world, message } = await intercepted();
    const second = gatewayIdentity('second');
    const runtime = await startGateway(second, [], world.seams('second'));
    await world.drain();
    await runtime.settled();
    await world.drain();
    const session = world.gatewaySession('second');
    await lie(world, session, 'cpns.wan.up.second.registration-request', JSON.stringify(message));
    expect(last(world, 'wan.down.second.registration-response').message.body).toMatchObject({ code: 401 });
    expect((await world.events('server')).map(({ type }) => type)).toContain('PneAuthenticationFailed');
    await runtime.stop();
  });

  test('and never registered gets 480 and reaches nobody, even past the seal', async () => {
    const { world, message } = await intercepted();
    const before = (await world.events('server')).length;
    hand(world, 'server', 'cpns.wan.up.other.registration-request', JSON.stringify(message));
    await world.settle();
    const added = (await world.events('server')).slice(before);
    expect(added.map(({ type, data }) => [type, data['code']])).toEqual([['MessageRefused', 480]]);
  });

  test('and is not the one that this PN belongs to: 403, whatever it asks for', async () => {
    const { world } = await intercepted();
    const second = gatewayIdentity('second');
    const runtime = await startGateway(second, ['home'], world.seams('second'));
    await world.drain();
    await runtime.settled();
    await world.drain();
    expect(last(world, 'wan.down.second.pn-establishment-response').message.body).toMatchObject({ code: 403 });
    const body = { pnId: 'home', deviceId: 'spy', action: 'add' };
    const update = { v: 1, type: 'pn-update-request', messageId: 'u1', correlationId: 'c1', inReplyTo: null, body };
    const session = world.gatewaySession('second');
    await lie(world, session, 'cpns.wan.up.second.pn-update-request', JSON.stringify(update));
    expect(last(world, 'wan.down.second.pn-update-response').message.body).toMatchObject({ code: 403 });
    await runtime.stop();
  });

  test('and takes in a PNE of the PN of another one, which asked it itself: 403, and the PNE has no CPNS ID', async () => {
    const world = await World.start({
      pns,
      devices: [{ ...device('lamp', 'home'), gatewayId: 'second' }],
      gateways: [GATEWAY, 'second'],
    });
    const runtime = await startGateway(gatewayIdentity('second'), [], world.seams('second'));
    await world.calm();
    await world.kill('gateway');
    await world.register('lamp');
    await world.settle();
    const { message } = last(world, 'link.second.up.lamp.registration-request');
    const text = JSON.stringify({ ...message, body: { ...message.body, deviceId: 'lamp' } });
    await lie(world, world.gatewaySession('second'), 'cpns.wan.up.second.registration-request', text);
    const { body } = last(world, 'wan.down.second.registration-response').message;
    expect(body).toMatchObject({ code: 403, handshake: null, changes: [] });
    const ofLamp = (await world.events('server')).filter(({ stream }) => stream === 'registration/home/lamp');
    expect(ofLamp.map(({ type, data }) => [type, data['code']])).toEqual([
      ['RegistrationRequestReceived', undefined],
      ['PneAuthenticated', undefined],
      ['RegistrationDenied', 403],
      ['RegistrationAnswered', 403],
    ]);
    await runtime.stop();
  });

  test('and speaks in the name of another one is not heard, and the other one is not disturbed', async () => {
    const { world, subject, message } = await intercepted();
    const second = gatewayIdentity('second');
    const runtime = await startGateway(second, [], world.seams('second'));
    await world.drain();
    await runtime.settled();
    await world.drain();
    const before = [await world.events('server'), await world.events('gateway')];
    await lie(world, world.gatewaySession('second'), subject, JSON.stringify(message));
    expect(world.log.lines.at(-1)?.fields).toMatchObject({ gatewayId: 'hub', reason: 'unknown session' });
    await world.drain();
    expect([await world.events('server'), await world.events('gateway')]).toEqual(before);
    await runtime.stop();
  });

  test('leaves the true request as good as it was', async () => {
    const { world, subject, message } = await intercepted();
    await lie(world, world.gatewaySession(), subject, JSON.stringify({ ...message, messageId: 'another' }));
    await world.calm();
    expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
  });
});

describe('a PN GW that lies about an answer', () => {
  test('cannot make the PNE believe it: the PNE refuses it and takes the true one', async () => {
    const { world, subject, message } = await intercepted();
    await lie(world, world.gatewaySession(), subject, JSON.stringify(message));
    const { body } = last(world, 'wan.down.hub.registration-response').message;
    const { correlationId, messageId: inReplyTo } = message;
    const answer = { v: 1, type: 'registration-response', messageId: 'forged', correlationId, inReplyTo };
    const forged = { ...answer, body: { code: 200, handshake: flipped(body['handshake'], 40) } };
    hand(world, 'pnes', 'cpns.link.hub.down.lamp.registration-response', JSON.stringify(forged));
    await world.settle();
    expect((await world.events('pnes')).at(-1)).toMatchObject({ type: 'MessageRefused', data: { code: 401 } });
    await world.calm();
    expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
  });
});

/** The PNE has sent its confirmation, and the server has not seen it; what the PN GW has of that. */
async function confirming() {
  const world = await World.start({ pns, devices: [device('lamp', 'home'), device('radio', 'home')] });
  await world.calm();
  await world.register('radio');
  await world.calm();
  const ofAnother = last(world, 'wan.down.hub.sealed').message.body;
  await world.register('lamp');
  while (world.network.inFlight[0]?.subject.endsWith('up.lamp.sealed') !== true) {
    world.network.deliver(0);
    await world.settle();
  }
  const own = last(world, 'up.lamp.sealed').message;
  return { world, own, ofAnother };
}

const IN_PLAIN = Buffer.from(JSON.stringify({ type: 'session-confirmed' })).toString('base64url');

type Body = Said['message']['body'];
type Forgery = (own: Body, ofAnother: Body) => object;
const forgeries: readonly (readonly [string, 401 | 409, Forgery])[] = [
  ['in plain text', 401, () => ({ frame: IN_PLAIN })],
  ['of bytes that nobody sealed', 401, ({ frame }) => ({ frame: flipped(frame, 3) })],
  ['that is what the PNE said itself', 401, ({ frame }) => ({ frame })],
  ['that the server gave another PNE', 401, (_, { frame }) => ({ frame })],
  ['for the session of another PNE', 409, (_, { frame, keyId }) => ({ frame, keyId })],
];

describe('a PN GW that forges the confirmation of a session', () => {
  test.each(forgeries)('%s is not believed: %i, and the PNE waits for the true one', async (_, code, forge) => {
    const { world, own, ofAnother } = await confirming();
    const { counter, keyId } = own.body;
    const { v, correlationId, messageId: inReplyTo } = own;
    const body = { counter, keyId, ...forge(own.body, ofAnother) };
    const forged = { v, type: 'sealed', messageId: 'forged', correlationId, inReplyTo, body };
    hand(world, 'pnes', 'cpns.link.hub.down.lamp.sealed', JSON.stringify(forged));
    await world.settle();
    const state = await world
      .runtime('pnes')
      ?.state(pneRegistration, streamOf('pne/registration', { deviceId: 'lamp' }));
    expect(state?.value).toEqual({ registration: { registered: 'confirming' }, session: 'none' });
    expect((await world.events('pnes')).at(-1)).toMatchObject({
      type: 'MessageRefused',
      data: { message: 'sealed', from: 'lamp', code },
    });
    await world.calm();
    expect((await world.events('pnes')).at(-1)).toMatchObject({ type: 'SecureSessionConfirmed', data: { keyId } });
  });
});

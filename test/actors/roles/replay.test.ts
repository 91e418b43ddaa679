import { describe, expect, test } from 'vitest';
import { REFUSAL_WINDOW_MS } from '../../../actors/loop/limits.ts';
import { NO_PN } from '../../../actors/sessions/binding.ts';
import { toBase64url } from '../../../security/base64url.ts';
import { startRegistration } from '../../../security/registration-handshake.ts';
import { timestampAt, timestampToBytes } from '../../../security/timestamp.ts';
import { SeededEntropy } from '../../../seams/entropy.ts';
import { device, GATEWAY, secretOf, World } from '../../simulation/world.ts';
import { last, said, toServer } from '../talk.ts';

const entropy = new SeededEntropy('replay');
const pns = ['home', 'office'].map((id) => ({
  id,
  gatewayId: GATEWAY,
  joinPolicy: 'closed' as const,
  members: ['lamp'],
}));

async function start(): Promise<World> {
  const world = await World.start({ pns, devices: [device('lamp', 'home')] });
  await world.calm();
  return world;
}

function handshake(name: string, pnId: string, requestId: string, payload: Uint8Array): string {
  const { message } = startRegistration({
    credential: { kind: 'psk', psk: secretOf(name) },
    binding: { protocolVersion: 1, pnId, gatewayId: GATEWAY, deviceId: name, requestId },
    payload,
    bytes: (length) => entropy.bytes(length),
  });
  return toBase64url(message);
}

const at = (nowMs: number): Uint8Array => timestampToBytes(timestampAt(nowMs));

/** The code that the lamp gets for a request, genuine but for its payload. */
async function ask(world: World, requestId: string, payload: Uint8Array, pnId = 'home'): Promise<unknown> {
  const body = { pnId, deviceId: 'lamp', handshake: handshake('lamp', pnId, requestId, payload) };
  toServer(world, 'registration-request', requestId, body);
  await world.settle();
  return last(world, 'wan.down.hub.registration-response').message.body['code'];
}

async function reasons(world: World): Promise<readonly unknown[]> {
  const events = await world.events('server');
  return events.filter(({ type }) => type.endsWith('AuthenticationFailed')).map(({ data }) => data['reason']);
}

describe('a registration request', () => {
  test('that is older than the newest of its device, or as old, is 401, and `replayed` in the journal', async () => {
    const world = await start();
    expect(await ask(world, 'r1', at(1_000))).toBe(200);
    expect(await ask(world, 'r2', at(999))).toBe(401);
    expect(await ask(world, 'r3', at(1_000))).toBe(401);
    expect(await ask(world, 'r4', at(1_001))).toBe(200);
    expect(await reasons(world)).toEqual(['replayed']);
    world.clock.advance(REFUSAL_WINDOW_MS);
    await world.settle();
    const [sum] = (await world.events('server')).filter(({ type }) => type === 'MessageRefused');
    expect(sum?.data).toMatchObject({ from: 'lamp', code: 401, count: 1 });
  });

  test('is told from an older one after a restart of the server as well', async () => {
    const world = await start();
    expect(await ask(world, 'r1', at(1_000))).toBe(200);
    await world.kill('server');
    await world.startNode('server');
    expect(await ask(world, 'r2', at(1_000))).toBe(401);
    expect(await ask(world, 'r3', at(1_001))).toBe(200);
  });

  test('of another PN is not older: the prologue keeps the two apart', async () => {
    const world = await start();
    expect(await ask(world, 'r1', at(2_000))).toBe(200);
    expect(await ask(world, 'r2', at(1_000), 'office')).toBe(200);
  });

  test('leaves the registration that stands as it is when it is refused as replayed', async () => {
    const world = await start();
    await world.register('lamp');
    await world.calm();
    expect(await ask(world, 'r1', at(0))).toBe(401);
    const members = (await world.events('server')).map(({ type }) => type);
    expect(members).not.toContain('PneRemoved');
    expect(members).not.toContain('SecureSessionClosed');
  });

  test.each([0, 11, 13, 1_000])('with a payload of %i bytes is 401, and `malformed` in the journal', async (length) => {
    const world = await start();
    expect(await ask(world, 'r1', new Uint8Array(length))).toBe(401);
    expect(await reasons(world)).toEqual(['malformed']);
    expect(await ask(world, 'r2', at(1_000))).toBe(200);
  });

  test('that a device makes is later than its last one when its clock was put back and it was started anew', async () => {
    const world = await start();
    await world.register('lamp');
    await world.calm();
    await world.kill('pnes');
    world.clock.advance(-86_400_000);
    await world.startNode('pnes');
    await world.register('lamp');
    await world.calm();
    const events = await world.events('pnes');
    expect(events.filter(({ type }) => type === 'SecureSessionConfirmed')).toHaveLength(2);
    const [first, second] = events.flatMap(({ type, data }) =>
      type === 'RegistrationRequested' ? [String(data['timestamp'])] : [],
    );
    expect(BigInt(`0x${second}`) - BigInt(`0x${first}`)).toBe(1n);
  });
});

describe('the registration of a PN GW', () => {
  test('that was recorded is 401 under another id, and `replayed` in the journal', async () => {
    const world = await start();
    const body = { handshake: handshake(GATEWAY, NO_PN, 'g1', at(0)) };
    toServer(world, 'gateway-registration-request', 'g1', body);
    await world.settle();
    expect(last(world, 'gateway-registration-response').message.body).toMatchObject({ code: 401 });
    expect(await reasons(world)).toEqual(['replayed']);
  });

  test('that comes a second time gets its stored answer, and no second session', async () => {
    const world = await start();
    const [request] = said(world, 'gateway-registration-request');
    const before = await world.events('server');
    const { messageId = '', body = {} } = request?.message ?? {};
    toServer(world, 'gateway-registration-request', messageId, body);
    await world.settle();
    const answers = said(world, 'gateway-registration-response').map(({ text }) => text);
    expect(answers).toHaveLength(2);
    expect(new Set(answers).size).toBe(1);
    expect(await world.events('server')).toEqual(before);
  });
});

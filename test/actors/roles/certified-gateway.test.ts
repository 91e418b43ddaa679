import { describe, expect, test } from 'vitest';
import type { RecordedEvent } from '../../../journal/port.ts';
import { keyPair } from '../../../security/noise/x25519.ts';
import { deviceNamed, gatewayNamed } from '../../../security/pki/identity.ts';
import type { RevocationList } from '../../../security/pki/revocation-list.ts';
import { verifyCertificate } from '../../../security/pki/verify.ts';
import { Authority, EPOCH_MS, PERIOD, type Certified } from '../../security/pki/authority.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { last, said } from '../talk.ts';
import { streamOf } from '../../../machines/streams.ts';

const authority = new Authority('operator');
const serverKey = keyPair(authority.bytes(32));
const own = authority.certify(gatewayNamed(GATEWAY));
const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };

const listNaming = ({ chain }: Certified): RevocationList => authority.revoke(...chain);

interface Rules {
  shown: Certified;
  revocation: readonly RevocationList[];
  atMs: number;
}

/**
 * A world whose PN GW shows a certificate, at a moment when this one is valid unless the test says otherwise. The rules may
 * be changed while it runs; `listChanged` tells the server.
 */
async function start(shown: Certified, rest: Partial<Rules> = {}) {
  const rules: Rules = { shown, revocation: [], atMs: EPOCH_MS + 1, ...rest };
  const listeners: (() => void)[] = [];
  const world = await World.start({
    pns: [pn],
    devices: [device('lamp', 'home')],
    gatewayShows: () => ({ kind: 'pki', ...rules.shown, serverPublicKey: serverKey.publicKey }),
    identity: {
      onRevocation: (changed) => void listeners.push(changed),
      gatewayCredential: (id) => ({
        kind: 'pki',
        serverKey,
        verify: (chain) =>
          verifyCertificate({
            chain,
            trustAnchors: [authority.certificate],
            revocation: rules.revocation,
            principal: gatewayNamed(id),
            at: rules.atMs,
          }),
      }),
    },
  });
  return { world, rules, listChanged: () => listeners.forEach((changed) => changed()) };
}

async function events(world: World): Promise<readonly RecordedEvent[]> {
  return (
    (await world.journal('server')?.readStream(streamOf('cpns-server/gateway-registration', { gatewayId: GATEWAY }))) ??
    []
  );
}

const reasonIn = (all: readonly RecordedEvent[], type: string): unknown =>
  all.find((event) => event.type === type)?.data['reason'];

const answered = (world: World): unknown => last(world, 'wan.down.hub.gateway-registration-response').message.body;

test('a PN GW with a certificate registers, and its PNEs through it', async () => {
  const { world } = await start(own);
  await world.calm();
  await world.register('lamp');
  await world.calm();
  expect(answered(world)).toMatchObject({ code: 200 });
  expect(last(world, 'link.hub.down.lamp.registration-response').message.body).toMatchObject({ code: 200 });
});

test.each([
  ['of another authority', 'unknownIssuer', new Authority('another').certify(gatewayNamed(GATEWAY)), {}],
  ['of another PN GW', 'wrongIdentity', authority.certify(gatewayNamed('second')), {}],
  ['of a device of the same id', 'wrongIdentity', authority.certify(deviceNamed(GATEWAY)), {}],
  ['with another key', 'wrongKey', { ...own, staticKey: keyPair(authority.bytes(32)) }, {}],
  ['before its time', 'notYetValid', own, { atMs: EPOCH_MS - 1 }],
  ['after its time', 'expired', own, { atMs: PERIOD.notAfterMs + 1_000 }],
  ['that is revoked', 'revoked', own, { revocation: [listNaming(own)] }],
] as const)('a certificate %s: %s in the journal, 401 to the PN GW', async (_, reason, shown, rules) => {
  const { world } = await start(shown, rules);
  await world.drain();
  expect(reasonIn(await events(world), 'GatewayAuthenticationFailed')).toBe(reason);
  expect(answered(world)).toEqual({ code: 401, handshake: null });
});

test('a PN GW shows the certificate that it has by then', async () => {
  const { world, rules } = await start(authority.certify(gatewayNamed('second')));
  await world.drain();
  expect(answered(world)).toMatchObject({ code: 401 });
  rules.shown = own;
  await world.calm();
  expect(answered(world)).toMatchObject({ code: 200 });
});

describe('the session of a PN GW whose certificate does not count any longer', () => {
  /** What a device hears that asks through the PN GW now, or nothing. */
  async function asks(world: World): Promise<unknown> {
    const before = said(world, 'wan.down.hub.registration-response').length;
    await world.register('lamp');
    await world.drain();
    return said(world, 'wan.down.hub.registration-response')[before]?.message.body;
  }

  test.each([
    ['is revoked', 'revoked', { revocation: [listNaming(own)] }],
    ['has run out', 'expired', { atMs: PERIOD.notAfterMs + 1_000 }],
  ] as const)('that %s: it ends when the server notices, and is not heard', async (_, reason, change) => {
    const { world, rules, listChanged } = await start(own);
    await world.drain();
    Object.assign(rules, change);
    listChanged();
    await world.drain();
    expect(reasonIn(await events(world), 'GatewaySessionClosed')).toBe(reason);
    const dropped = world.timeline.flatMap(({ keys }) => keys.drop).map((id) => id.split('/')[0]);
    expect(dropped).toEqual(expect.arrayContaining(['session', 'chain']));
    expect(await asks(world)).toBeUndefined();
    await world.calm(60_000);
    expect(reasonIn(await events(world), 'GatewayAuthenticationFailed')).toBe(reason);
    expect(await world.events('server')).not.toContainEqual(
      expect.objectContaining({ type: 'RegistrationRequestReceived' }),
    );
    // A certificate that counts lets the same PN GW in again, and what waited goes on.
    Object.assign(rules, { shown: authority.certify(gatewayNamed(GATEWAY)), revocation: [], atMs: EPOCH_MS + 1 });
    await world.calm();
    expect(answered(world)).toMatchObject({ code: 200 });
    expect((await world.events('pnes')).at(-1)?.type).toBe('SecureSessionConfirmed');
  });

  test('that was revoked while the server was down: its first frame is not opened', async () => {
    const { world, rules } = await start(own);
    await world.drain();
    await world.kill('server');
    rules.revocation = [listNaming(own)];
    await world.startNode('server');
    expect(await asks(world)).toBeUndefined();
    expect(reasonIn(await events(world), 'GatewaySessionClosed')).toBe('revoked');
  });

  test('runs out by the clock alone, without a list that changes', async () => {
    const short = authority.certify(gatewayNamed(GATEWAY), { notBeforeMs: EPOCH_MS, notAfterMs: EPOCH_MS + 3_600_000 });
    const { world, rules } = await start(short);
    await world.drain();
    world.clock.advance(3_602_000);
    rules.atMs = world.clock.now();
    expect(await asks(world)).toBeUndefined();
    expect(reasonIn(await events(world), 'GatewaySessionClosed')).toBe('expired');
  });

  test('of a certificate that the list does not name goes on', async () => {
    const { world, rules, listChanged } = await start(own);
    await world.drain();
    rules.revocation = [listNaming(authority.certify(gatewayNamed(GATEWAY)))];
    listChanged();
    expect(await asks(world)).toMatchObject({ code: 200 });
    expect(reasonIn(await events(world), 'GatewaySessionClosed')).toBeUndefined();
  });
});

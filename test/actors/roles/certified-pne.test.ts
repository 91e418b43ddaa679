import { expect, test } from 'vitest';
import { DEFAULT_SESSION_SETTINGS } from '../../../actors/sessions/data/port.ts';
import { keyPair } from '../../../security/noise/x25519.ts';
import { deviceNamed } from '../../../security/pki/identity.ts';
import type { RevocationList } from '../../../security/pki/revocation-list.ts';
import { verifyCertificate } from '../../../security/pki/verify.ts';
import { Authority, EPOCH_MS, PERIOD, type Certified } from '../../security/pki/authority.ts';
import { until } from '../sessions/data/sessions.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { streamOf } from '../../../machines/streams.ts';
import type { PneDevice } from '../../../actors/roles/pne/device.ts';

const authority = new Authority('operator');
const serverKey = keyPair(authority.bytes(32));
const certified = new Map(['lamp', 'lock'].map((id) => [id, authority.device(id)]));
const members = [...certified.keys(), 'radio'];

function shown(deviceId: string, { staticKey, chain }: Certified): PneDevice {
  const credential = { kind: 'pki', staticKey, chain, serverPublicKey: serverKey.publicKey } as const;
  return { ...device(deviceId, 'home'), credential };
}

/** Two devices with certificates and one with a secret, all in session; the rules may be changed from then on. */
async function inSession() {
  const rules = { revocation: [] as readonly RevocationList[], atMs: EPOCH_MS + 1, unknown: '' };
  const listeners: (() => void)[] = [];
  const bySecret = device('radio', 'home');
  const world = await World.start({
    pns: [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open', members }],
    devices: [...[...certified].map(([id, one]) => shown(id, one)), bySecret],
    applications: { server: { settings: DEFAULT_SESSION_SETTINGS, deliver: () => Promise.resolve(200) } },
    identity: {
      onRevocation: (changed) => void listeners.push(changed),
      pneCredential(id) {
        if (id === rules.unknown) return { kind: 'none' };
        if (bySecret.credential.kind === 'psk' && !certified.has(id)) return bySecret.credential;
        const options = { trustAnchors: [authority.certificate], principal: deviceNamed(id) };
        return {
          kind: 'pki',
          serverKey,
          verify: (chain) => verifyCertificate({ ...options, chain, revocation: rules.revocation, at: rules.atMs }),
        };
      },
    },
  });
  await world.calm();
  for (const id of members) await world.register(id);
  await world.calm();
  return { world, rules, listChanged: () => listeners.forEach((changed) => changed()) };
}

/** Reasons for which the server closed sessions of a device. */
async function closings(world: World, deviceId: string): Promise<readonly unknown[]> {
  const events =
    (await world.journal('server')?.readStream(streamOf('cpns-server/registration', { pnId: 'home', deviceId }))) ?? [];
  return events.filter(({ type }) => type === 'SecureSessionClosed').map(({ data }) => data['reason']);
}

const lampIsRevoked = { revocation: [authority.revoke(...(certified.get('lamp')?.chain ?? []))] };

test('the session of a device whose certificate is revoked is closed when the list changes, and no other', async () => {
  const { world, rules, listChanged } = await inSession();
  Object.assign(rules, lampIsRevoked);
  listChanged();
  listChanged();
  await world.drain();
  expect(await closings(world, 'lamp')).toEqual(['revoked']);
  expect(await closings(world, 'lock')).toEqual([]);
  expect(await closings(world, 'radio')).toEqual([]);
  const dropped = world.timeline.flatMap(({ keys }) => keys.drop).map((id) => id.split('/')[0]);
  expect(dropped).toEqual(expect.arrayContaining(['session', 'chain']));
});

test('data of a revoked device goes nowhere any more, either way', async () => {
  const { world, rules, listChanged } = await inSession();
  const message = { deviceId: 'lamp', pnId: 'home', serviceId: 'echo', bytes: new Uint8Array(5) };
  const send = (from: 'pnes' | 'server') => until(world, world.session(from).send(message));
  expect(await send('pnes')).toEqual({ kind: 'delivered' });
  Object.assign(rules, lampIsRevoked);
  listChanged();
  await world.drain();
  expect(await send('pnes')).toMatchObject({ kind: 'unknown' });
  expect(await send('server')).toEqual({ kind: 'noSession' });
});

test('it is closed at the next start when the list changed while the server was down', async () => {
  const { world, rules } = await inSession();
  await world.kill('server');
  Object.assign(rules, lampIsRevoked);
  await world.startNode('server');
  await world.drain();
  expect(await closings(world, 'lamp')).toEqual(['revoked']);
});

test('so is that of a device with a secret that the server does not know any longer', async () => {
  const { world, rules } = await inSession();
  await world.kill('server');
  rules.unknown = 'radio';
  await world.startNode('server');
  await world.drain();
  expect(await closings(world, 'radio')).toEqual(['withdrawn']);
  expect(await closings(world, 'lamp')).toEqual([]);
});

test('a certificate that has run out ends its session as well, when the server looks next', async () => {
  const { world, rules, listChanged } = await inSession();
  rules.atMs = PERIOD.notAfterMs + 1_000;
  listChanged();
  await world.drain();
  expect([await closings(world, 'lamp'), await closings(world, 'lock')]).toEqual([['expired'], ['expired']]);
  expect(await closings(world, 'radio')).toEqual([]);
});

test('with a certificate that counts the device registers again, for a session of its own', async () => {
  const { world, rules, listChanged } = await inSession();
  Object.assign(rules, lampIsRevoked);
  listChanged();
  await world.drain();
  rules.revocation = [];
  await world.register('lamp');
  await world.calm();
  expect((await world.events('pnes')).at(-1)).toMatchObject({ type: 'SecureSessionConfirmed', stream: 'pne/lamp' });
});

import { expect, test } from 'vitest';
import { gatewayRegistrationStream } from '../../../actors/roles/cpns-server.ts';
import { keyPair } from '../../../security/noise/x25519.ts';
import { deviceNamed, gatewayNamed } from '../../../security/pki/identity.ts';
import { issueRevocationList } from '../../../security/pki/issue.ts';
import { readCertificate } from '../../../security/pki/certificate.ts';
import { readRevocationList, type RevocationList } from '../../../security/pki/revocation-list.ts';
import { verifyCertificate } from '../../../security/pki/verify.ts';
import type { Credential } from '../../../security/registration-handshake.ts';
import { Authority, EPOCH_MS, PERIOD, type Certified } from '../../security/pki/authority.ts';
import { device, GATEWAY, World } from '../../simulation/world.ts';
import { last } from '../talk.ts';

const authority = new Authority('operator');
const serverKey = keyPair(authority.bytes(32));
const own = authority.certify(gatewayNamed(GATEWAY));
const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };

function listNaming({ chain: [der = new Uint8Array(0)] }: Certified): RevocationList {
  const revoked = [{ serial: readCertificate(der)?.serial ?? '', revokedAtMs: EPOCH_MS }];
  const times = { thisUpdateMs: EPOCH_MS, nextUpdateMs: PERIOD.notAfterMs };
  const list = issueRevocationList({ issuer: authority.issuer, number: 1, revoked, ...times });
  const read = readRevocationList(list, authority.certificate);
  if (read.kind === 'refused') throw new Error(read.reason);
  return read.list;
}

/** A world whose PN GW shows a certificate, at a moment when this one is valid unless the test says otherwise. */
function start(shown: Certified, { revocation = [] as readonly RevocationList[], atMs = EPOCH_MS + 1 } = {}) {
  const credential: Credential = { kind: 'pki', ...shown, serverPublicKey: serverKey.publicKey };
  return World.start({
    pns: [pn],
    devices: [device('lamp', 'home')],
    gatewayProof: {
      shown: () => credential,
      expected: (id) => ({
        kind: 'pki',
        serverKey,
        verify: (chain) =>
          verifyCertificate({
            chain,
            trustAnchors: [authority.certificate],
            revocation,
            principal: gatewayNamed(id),
            at: atMs,
          }),
      }),
    },
  });
}

async function failureOf(world: World): Promise<unknown> {
  const events = (await world.journal('server')?.readStream(gatewayRegistrationStream(GATEWAY))) ?? [];
  return events.find(({ type }) => type === 'GatewayAuthenticationFailed')?.data['reason'];
}

test('a PN GW with a certificate registers, and its PNEs through it', async () => {
  const world = await start(own);
  await world.calm();
  await world.register('lamp');
  await world.calm();
  expect(last(world, 'wan.down.hub.gateway-registration-response').message.body).toMatchObject({ code: 200 });
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
] as const)('a certificate %s: %s in the journal, 401 to the PN GW', async (_, reason, shown, more) => {
  const world = await start(shown, more);
  await world.drain();
  expect(await failureOf(world)).toBe(reason);
  const { body } = last(world, 'wan.down.hub.gateway-registration-response').message;
  expect(body).toEqual({ code: 401, handshake: null });
});

test('a PN GW shows the certificate that it has by then', async () => {
  const held = { certificate: authority.certify(gatewayNamed('second')) };
  const world = await World.start({
    pns: [pn],
    devices: [],
    gatewayProof: {
      shown: () => ({ kind: 'pki', ...held.certificate, serverPublicKey: serverKey.publicKey }),
      expected: (id) => ({
        kind: 'pki',
        serverKey,
        verify: (chain) =>
          verifyCertificate({
            chain,
            trustAnchors: [authority.certificate],
            revocation: [],
            principal: gatewayNamed(id),
            at: EPOCH_MS + 1,
          }),
      }),
    },
  });
  await world.drain();
  expect(last(world, 'gateway-registration-response').message.body).toMatchObject({ code: 401 });
  held.certificate = own;
  await world.calm();
  expect(last(world, 'gateway-registration-response').message.body).toMatchObject({ code: 200 });
});

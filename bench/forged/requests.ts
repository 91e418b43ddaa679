import { systemEntropy } from '../../seams/entropy.ts';
import { wanUp } from '../../messages/subjects.ts';
import { toBase64url } from '../../security/base64url.ts';
import { startRegistration, type Credential } from '../../security/registration-handshake.ts';
import { timestampAfter, timestampToBytes } from '../../security/timestamp.ts';
import { bytes, forgedChains, GATEWAY, genuine, PN, wrongSecret } from './devices.ts';
import type { ForgedWorld, Parcel } from './world.ts';

/** One kind of message that reaches the server, genuine or not. */
export interface Kind {
  readonly name: string;
  /** The genuine one that it is set against; null for that one itself. */
  readonly against: string | null;
  /** What each is answered with; null for no answer at all. */
  readonly code: number | null;
  /** Made before anything is measured; what it sends beforehand is not measured either. */
  make(world: ForgedWorld, count: number): Promise<readonly Parcel[]> | readonly Parcel[];
}

const SECRET = 'genuine, secret';
const CERTIFICATE = 'genuine, certificate';

let newest: string | null = null;

/** A request in the name of a device, by whatever the sender holds. Each is later than the one before. */
function request(world: ForgedWorld, deviceId: string, credential: Credential): Parcel {
  newest = timestampAfter(newest, Date.now());
  const requestId = systemEntropy.id();
  const binding = { protocolVersion: 1, pnId: PN, gatewayId: GATEWAY, deviceId, requestId } as const;
  const payload = timestampToBytes(newest);
  const { message } = startRegistration({ credential, binding, payload, bytes });
  return registration(world, deviceId, requestId, message);
}

function registration(world: ForgedWorld, deviceId: string, requestId: string, message: Uint8Array): Parcel {
  return world.seal('registration-request', requestId, { pnId: PN, deviceId, handshake: toBase64url(message) });
}

const many = (count: number, one: () => Parcel): readonly Parcel[] => Array.from({ length: count }, one);

const asked = (name: string, against: string | null, code: number, deviceId: string, credential: Credential): Kind => ({
  name,
  against,
  code,
  make: (world, count) => many(count, () => request(world, deviceId, credential)),
});

const garbage = (name: string, against: string, deviceId: string, length: number): Kind => ({
  name,
  against,
  code: 401,
  make: (world, count) => many(count, () => registration(world, deviceId, systemEntropy.id(), bytes(length))),
});

const frame = (name: string, make: Kind['make']): Kind => ({ name, against: SECRET, code: null, make });

/** A frame with one bit of it altered: it opens no more. */
function altered({ subject, payload }: Parcel): Parcel {
  const sealed: { readonly frame: string } = JSON.parse(payload);
  const first = sealed.frame.startsWith('A') ? 'B' : 'A';
  return { subject, payload: JSON.stringify({ ...sealed, frame: first + sealed.frame.slice(1) }) };
}

function ofUnknownSession({ subject, payload }: Parcel): Parcel {
  const sealed: object = JSON.parse(payload);
  return { subject, payload: JSON.stringify({ ...sealed, keyId: toBase64url(bytes(16)) }) };
}

const update = (world: ForgedWorld): Parcel => {
  const body = { pnId: PN, deviceId: 'victim', handshake: toBase64url(bytes(60)) };
  return world.seal('registration-request', systemEntropy.id(), body);
};

export const KINDS: readonly Kind[] = [
  asked(SECRET, null, 200, 'with-secret', genuine('with-secret')),
  asked('forged, wrong secret', SECRET, 401, 'victim', wrongSecret),
  asked('forged, device that nobody knows', SECRET, 401, 'nobody', wrongSecret),
  garbage('forged, random bytes', SECRET, 'victim', 60),
  {
    name: 'recorded, of an earlier time',
    against: SECRET,
    code: 401,
    async make(world, count) {
      const recorded = many(count, () => request(world, 'victim', genuine('victim')));
      await world.send([request(world, 'victim', genuine('victim'))]);
      return recorded;
    },
  },
  {
    name: 'repeated, answered before',
    against: SECRET,
    code: 200,
    async make(world, count) {
      const credential = genuine('with-secret');
      newest = timestampAfter(newest, Date.now());
      const requestId = systemEntropy.id();
      const binding = { protocolVersion: 1, pnId: PN, gatewayId: GATEWAY, deviceId: 'with-secret', requestId } as const;
      const { message } = startRegistration({ credential, binding, payload: timestampToBytes(newest), bytes });
      await world.send([registration(world, 'with-secret', requestId, message)]);
      return many(count, () => registration(world, 'with-secret', requestId, message));
    },
  },
  asked(CERTIFICATE, null, 200, 'with-certificate', genuine('with-certificate')),
  garbage('forged, random bytes', CERTIFICATE, 'certified-victim', 700),
  asked('forged, garbage for a chain', CERTIFICATE, 401, 'certified-victim', forgedChains.garbage),
  asked('forged, chain of the victim', CERTIFICATE, 401, 'certified-victim', forgedChains.ofTheVictim),
  asked('with a revoked certificate', CERTIFICATE, 401, 'certified-victim', forgedChains.revoked),
  asked('with an expired certificate', CERTIFICATE, 401, 'certified-victim', forgedChains.expired),
  asked('forged, chain of another device', CERTIFICATE, 401, 'certified-victim', forgedChains.ofAnotherDevice),
  asked('forged, longest chain of an impostor', CERTIFICATE, 401, 'certified-victim', forgedChains.ofAnImpostor),
  frame('frame that does not open', (world, count) => many(count, () => altered(update(world)))),
  frame('frame of an unknown session', (world, count) => many(count, () => ofUnknownSession(update(world)))),
  frame('frame that was taken before', async (world, count) => {
    const taken = update(world);
    await world.send([taken]);
    return many(count, () => taken);
  }),
  {
    name: 'PN GW that nobody knows',
    against: SECRET,
    code: null,
    make: (_, count) =>
      many(count, () => {
        const [type, messageId] = ['gateway-registration-request', systemEntropy.id()];
        const body = { handshake: toBase64url(bytes(60)) };
        const message = { v: 1, type, messageId, correlationId: messageId, inReplyTo: null, body };
        return { subject: wanUp(`unknown-${messageId}`, type), payload: JSON.stringify(message) };
      }),
  },
];

/** In a world with the limits of the product. */
export const OVER_THE_LIMIT: Kind = {
  ...asked('over the limit', SECRET, 429, 'victim', wrongSecret),
  code: null,
};

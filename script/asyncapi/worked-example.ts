import { NO_PN } from '../../actors/roles/pn-gateway.ts';
import { encodeMessage } from '../../actors/wire/messages.ts';
import { linkDown, linkUp, wanDown, wanUp, type Leg } from '../../actors/wire/subjects.ts';
import type { InventoryChange } from '../../events/fields.ts';
import { toBase64url } from '../../security/base64url.ts';
import { cpnsId } from '../../security/cpns-id.ts';
import { finishRegistration, readRegistration, startRegistration } from '../../security/registration-handshake.ts';
import { sealFrame } from '../../security/session.ts';

/**
 * One message of each kind, from one story with fixed keys, so that a device engineer can check bytes: `hall-motion`, a
 * member of the PN `home`, registers (1.4.1); `nursery-climate`, a stranger, pairs and is added (1.4.2).
 */

export interface Example {
  readonly leg: Leg;
  readonly type: string;
  readonly name: string;
  readonly summary: string;
  readonly subject: string;
  readonly payload: { readonly [field: string]: unknown };
}

/** 32 bytes that count up from `first`: nobody takes them for a secret. */
const countingBytes = (first: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, index) => first + index);

/** Secret of the member, ephemeral secrets of device and server: 00 01 02 ..., 20 21 22 ..., 40 41 42 ... */
export const KEYS = { psk: countingBytes(0x00), device: countingBytes(0x20), server: countingBytes(0x40) } as const;
const ID_KEY = countingBytes(0x60);
const GATEWAY_PSK = countingBytes(0x80);

const PN = 'home';
const GATEWAY = 'hub-hall';
const MEMBER = 'hall-motion';
const STRANGER = 'nursery-climate';

const utf8 = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** Both handshake messages and the session, seen from the device. */
function handshake(psk: Uint8Array, pnId: string, deviceId: string, requestId: string, answer: object) {
  const binding = { protocolVersion: 1, pnId, gatewayId: GATEWAY, deviceId, requestId } as const;
  const started = startRegistration({ psk, binding, payload: new Uint8Array(0), bytes: () => KEYS.device });
  const read = readRegistration({ psk, binding, message: started.message, bytes: () => KEYS.server });
  if (read.kind === 'failed') throw new Error(`The worked example does not authenticate: ${read.reason}.`);
  const answered = read.respond(utf8(answer));
  const finished = finishRegistration({ pending: started.pending, message: answered.message });
  if (finished.kind === 'failed') throw new Error('The worked example does not finish.');
  return {
    request: toBase64url(started.message),
    answer: toBase64url(answered.message),
    device: finished.session,
    server: answered.session,
  };
}

const CPNS_ID = cpnsId(ID_KEY, MEMBER);
const member = handshake(KEYS.psk, PN, MEMBER, 'req-hall-motion-1', { code: 200, cpnsId: CPNS_ID });
const stranger = handshake(KEYS.psk, PN, STRANGER, 'req-nursery-climate-1', {});
const gateway = handshake(GATEWAY_PSK, NO_PN, GATEWAY, 'req-hub-hall-1', { code: 200 });

const nothing = new Uint8Array(0);
const { keyId } = member.device;
const confirm = toBase64url(sealFrame(member.device, 0, utf8({ type: 'session-confirm' }), nothing));
const confirmed = toBase64url(sealFrame(member.server, 0, utf8({ type: 'session-confirmed' }), nothing));

const provisioned: InventoryChange = {
  revision: 2,
  previous: 0,
  deviceId: MEMBER,
  kind: 'added',
  status: 'member',
  cpnsId: null,
};
const registered: InventoryChange = {
  revision: 6,
  previous: 2,
  deviceId: MEMBER,
  kind: 'registered',
  status: 'registered',
  cpnsId: CPNS_ID,
};
const added: InventoryChange = {
  revision: 8,
  previous: 6,
  deviceId: STRANGER,
  kind: 'added',
  status: 'provisional',
  cpnsId: null,
};
const removed: InventoryChange = {
  revision: 11,
  previous: 8,
  deviceId: STRANGER,
  kind: 'removed',
  status: 'removed',
  cpnsId: null,
};

/** What the worked example is about, for whoever writes it out. */
export const STORY = {
  pnId: PN,
  gatewayId: GATEWAY,
  deviceId: MEMBER,
  requestId: 'req-hall-motion-1',
  cpnsId: CPNS_ID,
  keyId,
  members: [registered, added].map(({ deviceId, status, cpnsId: id, revision }) => {
    return { deviceId, status, cpnsId: id, revision };
  }),
  revision: added.revision,
};

interface Ids {
  readonly id: string;
  readonly correlation: string;
  readonly replyTo?: string;
}

function example(
  leg: Leg,
  deviceId: string,
  type: string,
  name: string,
  summary: string,
  { id, correlation, replyTo }: Ids,
  body: object,
): Example {
  const subject = {
    'link.up': () => linkUp(GATEWAY, deviceId, type),
    'link.down': () => linkDown(GATEWAY, deviceId, type),
    'wan.up': () => wanUp(GATEWAY, type),
    'wan.down': () => wanDown(GATEWAY, type),
  }[leg]();
  const payload: { readonly [field: string]: unknown } = JSON.parse(
    encodeMessage({ subject, type, inReplyTo: replyTo ?? null, body }, id, correlation),
  );
  return { leg, type, name, summary, subject, payload };
}

const ofMember = (id: string, replyTo?: string): Ids => ids(id, 'cor-hall-motion-1', replyTo);
const ofStranger = (id: string, replyTo?: string): Ids => ids(id, 'cor-nursery-climate-1', replyTo);
const ofGateway = (id: string, replyTo?: string): Ids => ids(id, 'cor-hub-hall-1', replyTo);

function ids(id: string, correlation: string, replyTo: string | undefined): Ids {
  return replyTo === undefined ? { id, correlation } : { id, correlation, replyTo };
}

const sealedUp = { keyId, counter: 0, frame: confirm };
const sealedDown = { keyId, counter: 0, frame: confirmed };
const refused = { code: 401, handshake: null };
const more = { joinPolicy: 'open', changes: [provisioned], more: false };

/** In the order of the flows. */
export const EXAMPLES: readonly Example[] = [
  example(
    'wan.up',
    GATEWAY,
    'gateway-registration-request',
    'gateway-asks',
    'Before either flow: the PN GW registers itself.',
    ofGateway('req-hub-hall-1'),
    { handshake: gateway.request },
  ),
  example(
    'wan.down',
    GATEWAY,
    'gateway-registration-response',
    'gateway-registered',
    'The PN GW is registered.',
    ofGateway('ans-hub-hall-1', 'req-hub-hall-1'),
    { code: 200, handshake: gateway.answer },
  ),
  example(
    'wan.up',
    GATEWAY,
    'pn-establishment-request',
    'pn-asked-for',
    'Before either flow: the PN is established; the PN GW knows nothing of its inventory yet.',
    ofGateway('req-hub-hall-2'),
    { pnId: PN, revision: 0 },
  ),
  example(
    'wan.down',
    GATEWAY,
    'pn-establishment-response',
    'pn-established',
    'The PN is established and has one member.',
    ofGateway('ans-hub-hall-2', 'req-hub-hall-2'),
    { pnId: PN, code: 200, ...more },
  ),
  example(
    'link.up',
    MEMBER,
    'registration-request',
    'member-asks',
    '1.4.1/1: a member asks to be registered.',
    ofMember('req-hall-motion-1'),
    { pnId: PN, handshake: member.request },
  ),
  example(
    'wan.up',
    MEMBER,
    'registration-request',
    'member-forwarded',
    '1.4.1/3: the PN GW forwards the request under the same messageId.',
    ofMember('req-hall-motion-1'),
    { pnId: PN, deviceId: MEMBER, handshake: member.request },
  ),
  example(
    'wan.down',
    MEMBER,
    'registration-response',
    'member-registered-at-server',
    '1.4.1/3: the server answers, with what it changed in the PN Inventory.',
    ofMember('ans-hall-motion-1', 'req-hall-motion-1'),
    { pnId: PN, deviceId: MEMBER, code: 200, handshake: member.answer, revision: 6, changes: [registered] },
  ),
  example(
    'link.down',
    MEMBER,
    'registration-response',
    'member-registered',
    '1.4.1/4: the answer reaches the device; its payload holds the CPNS ID.',
    ofMember('fwd-hall-motion-1', 'req-hall-motion-1'),
    { code: 200, handshake: member.answer },
  ),
  example(
    'link.up',
    MEMBER,
    'sealed',
    'session-confirm',
    '1.4.1/4: the first sealed message, `{"type":"session-confirm"}`.',
    ofMember('seal-hall-motion-1'),
    { pnId: PN, ...sealedUp },
  ),
  example(
    'wan.up',
    MEMBER,
    'sealed',
    'session-confirm-relayed',
    '1.4.1/4: relayed under the same ids.',
    ofMember('seal-hall-motion-1'),
    { deviceId: MEMBER, pnId: PN, ...sealedUp },
  ),
  example(
    'wan.down',
    MEMBER,
    'sealed',
    'session-confirmed-to-relay',
    '1.4.1/4: the server answers it, sealed, `{"type":"session-confirmed"}`.',
    ofMember('seal-server-1', 'seal-hall-motion-1'),
    { deviceId: MEMBER, ...sealedDown },
  ),
  example(
    'link.down',
    MEMBER,
    'sealed',
    'session-confirmed',
    '1.4.1/4: both ends have shown that they hold the keys.',
    ofMember('seal-server-1', 'seal-hall-motion-1'),
    sealedDown,
  ),
  example(
    'link.up',
    STRANGER,
    'pairing-request',
    'stranger-pairs',
    '1.4.2/1: stands in for the pairing of the underlying network.',
    ofStranger('pair-nursery-climate-1'),
    {},
  ),
  example(
    'link.down',
    STRANGER,
    'pairing-response',
    'stranger-paired',
    '1.4.2/1: the pairing was formed.',
    ofStranger('ans-nursery-climate-1', 'pair-nursery-climate-1'),
    { code: 200 },
  ),
  example(
    'link.up',
    STRANGER,
    'registration-request',
    'stranger-asks',
    '1.4.2/2: the same message as that of a member.',
    ofStranger('req-nursery-climate-1'),
    { pnId: PN, handshake: stranger.request },
  ),
  example(
    'wan.up',
    STRANGER,
    'pn-update-request',
    'stranger-to-be-added',
    '1.4.2/4: PN Update Request.',
    ofStranger('upd-nursery-climate-1'),
    { pnId: PN, deviceId: STRANGER, action: 'add' },
  ),
  example(
    'wan.down',
    STRANGER,
    'pn-update-response',
    'stranger-added',
    '1.4.2/4: it stands in the PN Inventory, provisionally.',
    ofStranger('ans-nursery-climate-2', 'upd-nursery-climate-1'),
    { pnId: PN, deviceId: STRANGER, code: 200, revision: 8, changes: [added] },
  ),
  example(
    'link.down',
    STRANGER,
    'registration-response',
    'stranger-refused',
    '1.4.2/6: what a device with a wrong secret gets, and no more.',
    ofStranger('fwd-nursery-climate-1', 'req-nursery-climate-1'),
    refused,
  ),
  example(
    'wan.down',
    STRANGER,
    'inventory-notice',
    'stranger-removed',
    'A provisional PNE that was not registered in time leaves the PN Inventory.',
    ofStranger('note-hub-hall-1'),
    { pnId: PN, changes: [removed] },
  ),
  example(
    'link.down',
    STRANGER,
    'notice',
    'too-many',
    'The PN GW did not take the message now: no outcome, the next attempt asks again.',
    ofStranger('note-nursery-climate-1', 'req-nursery-climate-1'),
    { code: 429, deviceId: STRANGER },
  ),
  example(
    'wan.down',
    STRANGER,
    'notice',
    'version-not-supported',
    'The server does not speak the version of the message.',
    ofStranger('note-hub-hall-2', 'upd-nursery-climate-1'),
    { code: 426, deviceId: null },
  ),
];

import { NO_PN } from '../../actors/sessions/binding.ts';
import { isSealed, subjectTo } from '../../messages/subjects.ts';
import type { InventoryChange, UsageSum } from '../../events/fields.ts';
import { toBase64url } from '../../security/base64url.ts';
import { cpnsId } from '../../security/cpns-id.ts';
import { sealData } from '../../security/data-frame.ts';
import { claimEpoch } from '../../security/epochs.ts';
import { finishRegistration, readRegistration, startRegistration } from '../../security/registration-handshake.ts';
import { frameCounter } from '../../security/replay-window.ts';
import { sealFrame } from '../../security/session.ts';
import { timestampAt, timestampToBytes } from '../../security/timestamp.ts';
import { encodeMessage, PROTOCOL_VERSION } from '../../messages/envelope.ts';
import type { Leg } from '../../messages/legs.ts';

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
  /** What stands on the wire: the payload, or on the WAN what it is sealed in. */
  readonly wire: { readonly [field: string]: unknown };
}

/** 32 bytes that count up from `first`: nobody takes them for a secret. */
const countingBytes = (first: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, index) => first + index);

/** Secret of the member, ephemeral secrets of device and server: 00 01 02 ..., 20 21 22 ..., 40 41 42 ... */
export const KEYS = { psk: countingBytes(0x00), device: countingBytes(0x20), server: countingBytes(0x40) } as const;
/** 2026-01-01 00:00:00 UTC. */
const TIMESTAMP = timestampAt(1_767_225_600_000);
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
  const credential = { kind: 'psk', psk } as const;
  const started = startRegistration({
    credential,
    binding,
    payload: timestampToBytes(TIMESTAMP),
    bytes: () => KEYS.device,
  });
  const read = readRegistration({ credential, binding, message: started.message, bytes: () => KEYS.server });
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
const ACCEPTANCE = { code: 200, cpnsId: CPNS_ID };
const member = handshake(KEYS.psk, PN, MEMBER, 'req-hall-motion-1', ACCEPTANCE);
const stranger = handshake(KEYS.psk, PN, STRANGER, 'req-nursery-climate-1', {});
const gateway = handshake(GATEWAY_PSK, NO_PN, GATEWAY, 'req-hub-hall-1', { code: 200 });

const nothing = new Uint8Array(0);
const { keyId } = member.device;
const confirm = toBase64url(sealFrame(member.device, 0, utf8({ type: 'session-confirm' }), nothing));
const confirmed = toBase64url(sealFrame(member.server, 0, utf8({ type: 'session-confirmed' }), nothing));

/** The first data frame of each direction: a message of the service `echo`, and that it was delivered. */
function dataFrames() {
  const [up, down] = [claimEpoch(member.device.chains.up, 0), claimEpoch(member.server.chains.down, 0)];
  if (up === null || down === null) throw new Error('The worked example has no epoch.');
  const chunk = {
    kind: 'chunk',
    messageNumber: 0n,
    index: 0,
    count: 1,
    bytes: new TextEncoder().encode('21.5'),
  } as const;
  const ack = { kind: 'ack', messageNumber: 0n, index: 0, code: 200 } as const;
  const sent = { keyId, epoch: 0, counter: 0, serviceId: 'echo' };
  const acknowledged = { ...sent, serviceId: null };
  return {
    sent: { ...sent, frame: toBase64url(sealData(up.claimed, { direction: 'up', ...sent }, chunk)) },
    acknowledged: {
      ...acknowledged,
      frame: toBase64url(sealData(down.claimed, { direction: 'down', ...acknowledged }, ack)),
    },
  };
}
const data = dataFrames();

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

const minute = { keyId, serviceId: 'echo', from: 1_767_225_600_000, to: 1_767_225_660_000 };
const usage: readonly UsageSum[] = [
  { ...minute, direction: 'up', messages: 3, bytes: 93 },
  { ...minute, direction: 'down', messages: 2, bytes: 62 },
];

/** The session of the PN GW of the story, as the PN GW and as the server has it. */
export const GATEWAY_SESSION = { gateway: gateway.device, server: gateway.server } as const;

/** The same minute as the server has it: one message more came than the PN GW reported. */
const recordKey = { pnId: PN, deviceId: MEMBER, serviceId: 'echo', keyId, direction: 'up' } as const;
const chargingRecord = {
  ...recordKey,
  cpnsId: CPNS_ID,
  session: 'open',
  closedAt: null,
  from: minute.from,
  to: minute.to,
  server: { messages: 4, bytes: 124 },
  gateway: { messages: 3, bytes: 93 },
  difference: { messages: -1, bytes: -31 },
  standing: 'open',
} as const;

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
  usage: { key: recordKey, record: chargingRecord },
};

interface Ids {
  readonly id: string;
  readonly correlation: string;
  readonly replyTo: string | null;
}

interface Row extends Pick<Example, 'leg' | 'type' | 'name' | 'summary'> {
  /** Device that the message is about; on the link it stands in the subject. */
  readonly about: string;
  readonly ids: Ids;
  readonly body: object;
}

/** Frames of both ends are numbered by their place in the story, each in the first start of its process. */
function onTheWire(leg: Leg, type: string, subject: string, text: string, counter: number): Example['wire'] {
  if (!isSealed({ leg, type })) return JSON.parse(text);
  const session = leg === 'wan.up' ? gateway.device : gateway.server;
  const number = { start: 1, counter };
  const bound = new TextEncoder().encode(subject);
  const frame = sealFrame(session, frameCounter(number), new TextEncoder().encode(text), bound);
  return { v: PROTOCOL_VERSION, keyId: session.keyId, ...number, frame: toBase64url(frame) };
}

function toExample({ leg, about, type, name, summary, ids, body }: Row, place: number): Example {
  const subject = subjectTo({ leg, gatewayId: GATEWAY, deviceId: about, type });
  const text = encodeMessage({ subject, type, inReplyTo: ids.replyTo, body }, ids.id, ids.correlation);
  const payload: Example['payload'] = JSON.parse(text);
  return { leg, type, name, summary, subject, payload, wire: onTheWire(leg, type, subject, text, place) };
}

const idsOf =
  (correlation: string) =>
  (id: string, replyTo: string | null = null): Ids => ({ id, correlation, replyTo });
const ofMember = idsOf('cor-hall-motion-1');
const ofStranger = idsOf('cor-nursery-climate-1');
const ofGateway = idsOf('cor-hub-hall-1');

const sealedUp = { keyId, counter: 0, frame: confirm };
const sealedDown = { keyId, counter: 0, frame: confirmed };
const refused = { code: 401, handshake: null };
const more = { joinPolicy: 'open', changes: [provisioned], more: false };

/** In the order of the flows: before them, then 1.4.1, then 1.4.2. */
const rows: readonly Row[] = [
  {
    leg: 'wan.up',
    about: GATEWAY,
    type: 'gateway-registration-request',
    name: 'gateway-asks',
    summary: 'Before either flow: the PN GW registers itself.',
    ids: ofGateway('req-hub-hall-1'),
    body: { handshake: gateway.request },
  },
  {
    leg: 'wan.down',
    about: GATEWAY,
    type: 'gateway-registration-response',
    name: 'gateway-registered',
    summary: 'The PN GW is registered.',
    ids: ofGateway('ans-hub-hall-1', 'req-hub-hall-1'),
    body: { code: 200, handshake: gateway.answer },
  },
  {
    leg: 'wan.up',
    about: GATEWAY,
    type: 'pn-establishment-request',
    name: 'pn-asked-for',
    summary: 'Before either flow: the PN is established; the PN GW knows nothing of its inventory yet.',
    ids: ofGateway('req-hub-hall-2'),
    body: { pnId: PN, revision: 0 },
  },
  {
    leg: 'wan.down',
    about: GATEWAY,
    type: 'pn-establishment-response',
    name: 'pn-established',
    summary: 'The PN is established and has one member.',
    ids: ofGateway('ans-hub-hall-2', 'req-hub-hall-2'),
    body: { pnId: PN, code: 200, ...more },
  },
  {
    leg: 'link.up',
    about: MEMBER,
    type: 'registration-request',
    name: 'member-asks',
    summary: '1.4.1/1: a member asks to be registered.',
    ids: ofMember('req-hall-motion-1'),
    body: { pnId: PN, handshake: member.request },
  },
  {
    leg: 'wan.up',
    about: MEMBER,
    type: 'registration-request',
    name: 'member-forwarded',
    summary: '1.4.1/3: the PN GW forwards the request under the same messageId.',
    ids: ofMember('req-hall-motion-1'),
    body: { pnId: PN, deviceId: MEMBER, handshake: member.request },
  },
  {
    leg: 'wan.down',
    about: MEMBER,
    type: 'registration-response',
    name: 'member-registered-at-server',
    summary: '1.4.1/3: the server answers, with what it changed in the PN Inventory.',
    ids: ofMember('ans-hall-motion-1', 'req-hall-motion-1'),
    body: { pnId: PN, deviceId: MEMBER, code: 200, handshake: member.answer, revision: 6, changes: [registered] },
  },
  {
    leg: 'link.down',
    about: MEMBER,
    type: 'registration-response',
    name: 'member-registered',
    summary: `1.4.1/4: the answer reaches the device; its payload is \`${JSON.stringify(ACCEPTANCE)}\`.`,
    ids: ofMember('fwd-hall-motion-1', 'req-hall-motion-1'),
    body: { code: 200, handshake: member.answer },
  },
  {
    leg: 'link.up',
    about: MEMBER,
    type: 'sealed',
    name: 'session-confirm',
    summary: '1.4.1/4: the first sealed message, `{"type":"session-confirm"}`.',
    ids: ofMember('seal-hall-motion-1'),
    body: { pnId: PN, ...sealedUp },
  },
  {
    leg: 'wan.up',
    about: MEMBER,
    type: 'sealed',
    name: 'session-confirm-relayed',
    summary: '1.4.1/4: relayed under the same ids.',
    ids: ofMember('seal-hall-motion-1'),
    body: { deviceId: MEMBER, pnId: PN, ...sealedUp },
  },
  {
    leg: 'wan.down',
    about: MEMBER,
    type: 'sealed',
    name: 'session-confirmed-to-relay',
    summary: '1.4.1/4: the server answers it, sealed, `{"type":"session-confirmed"}`.',
    ids: ofMember('seal-server-1', 'seal-hall-motion-1'),
    body: { deviceId: MEMBER, ...sealedDown },
  },
  {
    leg: 'link.down',
    about: MEMBER,
    type: 'sealed',
    name: 'session-confirmed',
    summary: '1.4.1/4: both ends have shown that they hold the keys.',
    ids: ofMember('seal-server-1', 'seal-hall-motion-1'),
    body: sealedDown,
  },
  {
    leg: 'link.up',
    about: MEMBER,
    type: 'data',
    name: 'data-sent',
    summary: 'In the session: the device sends `21.5` to the service `echo`.',
    ids: ofMember('data-hall-motion-1'),
    body: { pnId: PN, ...data.sent },
  },
  {
    leg: 'wan.up',
    about: MEMBER,
    type: 'data',
    name: 'data-relayed',
    summary: 'In the session: relayed under the same ids.',
    ids: ofMember('data-hall-motion-1'),
    body: { deviceId: MEMBER, pnId: PN, ...data.sent },
  },
  {
    leg: 'wan.down',
    about: MEMBER,
    type: 'data',
    name: 'data-acknowledged-to-relay',
    summary: 'In the session: the server says, sealed, that it was delivered.',
    ids: ofMember('data-server-1'),
    body: { pnId: PN, deviceId: MEMBER, ...data.acknowledged },
  },
  {
    leg: 'link.down',
    about: MEMBER,
    type: 'data',
    name: 'data-acknowledged',
    summary: 'In the session: the message was delivered.',
    ids: ofMember('data-server-1'),
    body: data.acknowledged,
  },
  {
    leg: 'link.up',
    about: STRANGER,
    type: 'pairing-request',
    name: 'stranger-pairs',
    summary: '1.4.2/1: stands in for the pairing of the underlying network.',
    ids: ofStranger('pair-nursery-climate-1'),
    body: {},
  },
  {
    leg: 'link.down',
    about: STRANGER,
    type: 'pairing-response',
    name: 'stranger-paired',
    summary: '1.4.2/1: the pairing was formed.',
    ids: ofStranger('ans-nursery-climate-1', 'pair-nursery-climate-1'),
    body: { code: 200 },
  },
  {
    leg: 'link.up',
    about: STRANGER,
    type: 'registration-request',
    name: 'stranger-asks',
    summary: '1.4.2/2: the same message as that of a member.',
    ids: ofStranger('req-nursery-climate-1'),
    body: { pnId: PN, handshake: stranger.request },
  },
  {
    leg: 'wan.up',
    about: STRANGER,
    type: 'pn-update-request',
    name: 'stranger-to-be-added',
    summary: '1.4.2/4: PN Update Request.',
    ids: ofStranger('upd-nursery-climate-1'),
    body: { pnId: PN, deviceId: STRANGER, action: 'add' },
  },
  {
    leg: 'wan.down',
    about: STRANGER,
    type: 'pn-update-response',
    name: 'stranger-added',
    summary: '1.4.2/4: it stands in the PN Inventory, provisionally.',
    ids: ofStranger('ans-nursery-climate-2', 'upd-nursery-climate-1'),
    body: { pnId: PN, deviceId: STRANGER, code: 200, revision: 8, changes: [added] },
  },
  {
    leg: 'link.down',
    about: STRANGER,
    type: 'registration-response',
    name: 'stranger-refused',
    summary: '1.4.2/6: what a device with a wrong secret gets, and no more.',
    ids: ofStranger('fwd-nursery-climate-1', 'req-nursery-climate-1'),
    body: refused,
  },
  {
    leg: 'wan.down',
    about: STRANGER,
    type: 'inventory-notice',
    name: 'stranger-removed',
    summary: 'A provisional PNE that was not registered in time leaves the PN Inventory.',
    ids: ofStranger('note-hub-hall-1'),
    body: { pnId: PN, changes: [removed] },
  },
  {
    leg: 'wan.up',
    about: MEMBER,
    type: 'usage-report',
    name: 'usage-reported',
    summary: 'The PN GW relayed three messages of the member to the service `echo`, and two back.',
    ids: ofMember('rep-hub-hall-1'),
    body: { pnId: PN, deviceId: MEMBER, usage },
  },
  {
    leg: 'wan.down',
    about: MEMBER,
    type: 'usage-report-response',
    name: 'usage-taken',
    summary: 'The report is counted, once.',
    ids: ofMember('ans-hub-hall-9', 'rep-hub-hall-1'),
    body: { deviceId: MEMBER, code: 200 },
  },
  {
    leg: 'link.down',
    about: STRANGER,
    type: 'notice',
    name: 'too-many',
    summary: 'The PN GW did not take the message now: no outcome, the next attempt asks again.',
    ids: ofStranger('note-nursery-climate-1', 'req-nursery-climate-1'),
    body: { code: 429, deviceId: STRANGER },
  },
  {
    leg: 'wan.down',
    about: STRANGER,
    type: 'notice',
    name: 'version-not-supported',
    summary: 'The server does not speak the version of the message.',
    ids: ofStranger('note-hub-hall-2', 'upd-nursery-climate-1'),
    body: { code: 426, deviceId: null },
  },
  {
    leg: 'wan.down',
    about: GATEWAY,
    type: 'notice',
    name: 'session-not-known',
    summary: 'The server does not have the session that the PN GW seals in: the PN GW registers anew.',
    ids: ofGateway('note-hub-hall-3'),
    body: { code: 401, deviceId: null, keyId: gateway.server.keyId },
  },
];

/** The story as messages on the wire. */
export const EXAMPLES: readonly Example[] = rows.map(toExample);

import { z } from 'zod';
import {
  Code,
  Epoch,
  HandshakeMessage,
  Id,
  InventoryChange,
  JoinPolicy,
  KeyId,
  MAX_CHANGES,
  Revision,
  UsageSums,
} from '../events/fields.ts';
import { LEG_NAMES, type Leg } from './legs.ts';
import type { Row } from './row.ts';

/** A frame holds at most 32 KiB, so that its message in base64url with the envelope stays below 64 KiB. */
const SealedFrame = z.string().regex(/^[A-Za-z0-9_-]{22,43712}$/);
const Counter = z.int().min(0);
/** In the clear beside a data frame, for whoever relays it. The counter is that of its epoch, 40 bits. */
const data = {
  keyId: KeyId,
  epoch: Epoch,
  counter: Counter.max(2 ** 40 - 1),
  serviceId: Id.nullable(),
  frame: SealedFrame,
};
const Changes = z.array(InventoryChange).max(MAX_CHANGES);
const handshake = HandshakeMessage.nullable();
const notice = z.strictObject({ code: Code, deviceId: Id.nullable() });

/**
 * Every message of the protocol, by its leg and its type. What else is to be known of messages is derived from it: their
 * subjects, decoding, refusals, permissions, the words of traces, the document of the wire. What two ends of a session say
 * in a `sealed` message: `sealed-texts.ts`. What is asked and answered beside the protocol: `exchanges.ts`.
 */
export const CATALOGUE = {
  'link.up': {
    'pairing-request': {
      title: 'pairing request',
      description: 'Asks for physical pairing; stands in for the underlying network.',
      body: z.strictObject({}),
      steps: { '1.4.2': 1 },
      takenBy: { chart: 'pn-gateway/admission' },
      answeredBy: 'pairing-response',
      cost: 'request',
      authenticated: 'no',
      sent: [['pne/registration PairingRequested', 'data.requestId']],
      received: [
        ['pn-gateway/admission PairingFormed', 'messageId'],
        ['pn-gateway/admission MessageRefused pairing-request', 'messageId'],
      ],
    },
    'registration-request': {
      title: 'PNE Registration Request',
      description: 'PNE Registration Request. The messageId is the requestId that the handshake is bound to.',
      body: z.strictObject({ pnId: Id, handshake: HandshakeMessage }),
      steps: { '1.4.1': 1, '1.4.2': 2 },
      takenBy: { chart: 'pn-gateway/admission' },
      answeredBy: 'registration-response',
      cost: 'request',
      authenticated: 'no',
      sent: [['pne/registration RegistrationRequested', 'data.requestId']],
      received: [
        ['pn-gateway/admission RegistrationRequestReceived', 'messageId'],
        ['pn-gateway/admission MessageRefused registration-request', 'messageId'],
      ],
    },
    sealed: {
      title: 'sealed message',
      description: 'A sealed message of the secure session PNE -> CPNS Server; the PN GW cannot read it.',
      body: z.strictObject({ pnId: Id, keyId: KeyId, counter: Counter, frame: SealedFrame }),
      takenBy: { relayedAs: 'wan.up.sealed' },
      answeredBy: 'sealed',
      cost: 'request',
    },
    data: {
      title: 'data frame',
      description:
        'A data frame of the secure session PNE -> CPNS Server: for a service, or (null) about the session itself.',
      body: z.strictObject({ pnId: Id, ...data }),
      takenBy: { relayedAs: 'wan.up.data' },
      cost: 'frame',
    },
  },
  'link.down': {
    'pairing-response': {
      title: 'pairing response',
      description: 'Whether the pairing was formed.',
      body: z.strictObject({ code: Code }),
      steps: { '1.4.2': 1 },
      takenBy: { chart: 'pne/registration' },
      refusing: {},
      authenticated: 'no',
      sent: [
        ['pn-gateway/admission PairingFormed', 'data.requestId'],
        ['pn-gateway/admission MessageRefused pairing-request', 'messageId'],
      ],
      received: [
        ['pne/registration PairingFormed', 'causationId'],
        ['pne/registration PairingRefused', 'causationId'],
      ],
    },
    'registration-response': {
      title: 'PNE Registration Response',
      description: 'PNE Registration Response: the code and, on 200, the second handshake message.',
      body: z.strictObject({ code: Code, handshake }),
      steps: { '1.4.1': 4, '1.4.2': 6 },
      takenBy: { chart: 'pne/registration' },
      refusing: { handshake: null },
      sent: [
        ['pn-gateway/admission ResponseForwarded', 'data.requestId'],
        ['pn-gateway/admission MessageRefused registration-request', 'messageId'],
      ],
      received: [
        ['pne/registration RegistrationAccepted', 'causationId'],
        ['pne/registration RegistrationRefused', 'causationId'],
      ],
    },
    sealed: {
      title: 'sealed message',
      description: 'A sealed message of the secure session CPNS Server -> PNE.',
      body: z.strictObject({ keyId: KeyId, counter: Counter, frame: SealedFrame }),
      takenBy: { chart: 'pne/registration' },
    },
    data: {
      title: 'data frame',
      description: 'A data frame of the secure session CPNS Server -> PNE.',
      body: z.strictObject(data),
      takenBy: { channel: 'session' },
    },
    notice: {
      title: 'notice',
      description: 'The named message was not taken: malformed, or too many at once. No outcome of a request.',
      body: notice,
      takenBy: { chart: 'pne/registration' },
    },
  },
  'wan.up': {
    'gateway-registration-request': {
      title: 'PN GW Registration Request',
      description: 'The PN GW registers itself: first handshake message.',
      body: z.strictObject({ handshake: HandshakeMessage }),
      takenBy: { chart: 'cpns-server/gateway-registration' },
      answeredBy: 'gateway-registration-response',
      cost: 'registration',
      sealing: 'none',
      authenticated: 'no',
      sent: [['pn-gateway/gateway GatewayRegistrationRequested', 'data.requestId']],
      received: [['cpns-server/gateway-registration GatewayRegistrationReceived', 'messageId']],
    },
    'pn-establishment-request': {
      title: 'PN Establishment Request',
      description: 'Establishes the PN through this PN GW, or asks for the changes of its inventory after `revision`.',
      body: z.strictObject({ pnId: Id, revision: Revision }),
      takenBy: { chart: 'cpns-server/personal-network' },
      answeredBy: 'pn-establishment-response',
      cost: 'request',
      sent: [['pn-gateway/gateway PnEstablishmentRequested', 'data.requestId']],
      received: [
        ['cpns-server/personal-network PnEstablishmentReceived', 'messageId'],
        ['cpns-server/personal-network MessageRefused pn-establishment-request', 'messageId'],
      ],
    },
    'pn-update-request': {
      title: 'PN Update Request',
      description: 'PN Update Request: adds a paired stranger to the PN, or takes back one that is provisional.',
      body: z.strictObject({ pnId: Id, deviceId: Id, action: z.enum(['add', 'remove']) }),
      steps: { '1.4.2': 4 },
      takenBy: { chart: 'cpns-server/personal-network' },
      answeredBy: 'pn-update-response',
      cost: 'request',
      sent: [['pn-gateway/admission PnUpdateRequested', 'data.updateId']],
      received: [
        ['cpns-server/personal-network PnUpdateReceived', 'messageId'],
        ['cpns-server/personal-network MessageRefused pn-update-request', 'messageId'],
      ],
    },
    'registration-request': {
      title: 'PNE Registration Request',
      description: 'The PNE Registration Request, forwarded with the messageId of the PNE.',
      body: z.strictObject({ pnId: Id, deviceId: Id, handshake: HandshakeMessage }),
      steps: { '1.4.1': 3, '1.4.2': 5 },
      takenBy: { chart: 'cpns-server/registration' },
      answeredBy: 'registration-response',
      cost: 'request',
      sent: [['pn-gateway/admission RegistrationForwarded', 'data.requestId']],
      received: [
        ['cpns-server/registration RegistrationRequestReceived', 'messageId'],
        ['cpns-server/registration MessageRefused registration-request', 'messageId'],
      ],
    },
    sealed: {
      title: 'sealed message',
      description: 'A sealed message of a PNE, relayed.',
      body: z.strictObject({ pnId: Id, deviceId: Id, keyId: KeyId, counter: Counter, frame: SealedFrame }),
      takenBy: { chart: 'cpns-server/registration' },
      answeredBy: 'sealed',
      cost: 'request',
    },
    data: {
      title: 'data frame',
      description: 'A data frame of a PNE, relayed.',
      body: z.strictObject({ pnId: Id, deviceId: Id, ...data }),
      takenBy: { channel: 'session' },
      cost: 'frame',
    },
    'usage-report': {
      title: 'usage report',
      description:
        'What the PN GW relayed for one PNE since its last report, summed. The same report again is not counted again.',
      body: z.strictObject({ pnId: Id, deviceId: Id, usage: UsageSums }),
      takenBy: { chart: 'cpns-server/charging' },
      answeredBy: 'usage-report-response',
      cost: 'request',
      sent: [['pn-gateway/usage UsageReported', 'data.reportId']],
      received: [['cpns-server/charging GatewayUsageReceived', 'messageId']],
    },
  },
  'wan.down': {
    'gateway-registration-response': {
      title: 'PN GW Registration Response',
      description: 'Answers the PN GW: the code and, on 200, the second handshake message.',
      body: z.strictObject({ code: Code, handshake }),
      takenBy: { chart: 'pn-gateway/gateway' },
      refusing: { handshake: null },
      sealing: 'none',
      sent: [
        ['cpns-server/gateway-registration GatewayRegistrationAnswered', 'data.requestId'],
        ['cpns-server/gateway-registration MessageRefused gateway-registration-request', 'messageId'],
      ],
      received: [
        ['pn-gateway/gateway GatewayRegistered', 'causationId'],
        ['pn-gateway/gateway GatewayRegistrationRefused', 'causationId'],
      ],
    },
    'pn-establishment-response': {
      title: 'PN Establishment Response',
      description: 'Join policy and the next changes of the PN Inventory; `more` says that there are further ones.',
      body: z.strictObject({
        pnId: Id,
        code: Code,
        joinPolicy: JoinPolicy.nullable(),
        changes: Changes,
        more: z.boolean(),
      }),
      takenBy: { chart: 'pn-gateway/gateway' },
      refusing: { joinPolicy: null, changes: [], more: false },
      sent: [
        ['cpns-server/personal-network PnEstablishmentAnswered', 'data.requestId'],
        ['cpns-server/personal-network MessageRefused pn-establishment-request', 'messageId'],
      ],
      received: [
        ['pn-gateway/gateway PnEstablished', 'causationId'],
        ['pn-gateway/gateway PnEstablishmentRefused', 'causationId'],
      ],
    },
    'pn-update-response': {
      title: 'PN Update Response',
      description: 'Answers a PN Update Request with what it changed and the revision that the inventory is at.',
      body: z.strictObject({ pnId: Id, deviceId: Id, code: Code, revision: Revision, changes: Changes }),
      steps: { '1.4.2': 4 },
      takenBy: { chart: 'pn-gateway/admission' },
      refusing: { revision: 0, changes: [] },
      sent: [
        ['cpns-server/personal-network PnUpdateAnswered', 'data.updateId'],
        ['cpns-server/personal-network MessageRefused pn-update-request', 'messageId'],
      ],
      received: [['pn-gateway/admission PnUpdateAnswered', 'causationId']],
    },
    'registration-response': {
      title: 'PNE Registration Response',
      description: 'PNE Registration Response with what it changed in the PN Inventory.',
      body: z.strictObject({ pnId: Id, deviceId: Id, code: Code, handshake, revision: Revision, changes: Changes }),
      steps: { '1.4.1': 3, '1.4.2': 5 },
      takenBy: { chart: 'pn-gateway/admission' },
      refusing: { handshake: null, revision: 0, changes: [] },
      sent: [
        ['cpns-server/registration RegistrationAnswered', 'data.requestId'],
        ['cpns-server/registration MessageRefused registration-request', 'messageId'],
      ],
      received: [
        ['pn-gateway/admission RegistrationAnswered', 'causationId'],
        ['pn-gateway/admission LateAnswerReceived', 'causationId'],
      ],
    },
    'usage-report-response': {
      title: 'usage report response',
      description: 'Whether the report was taken.',
      body: z.strictObject({ deviceId: Id, code: Code }),
      takenBy: { chart: 'pn-gateway/usage' },
      refusing: {},
      sent: [['cpns-server/charging GatewayUsageReceived', 'data.reportId']],
      received: [['pn-gateway/usage UsageReportAnswered', 'causationId']],
    },
    'inventory-notice': {
      title: 'inventory notice',
      description: 'Changes of the PN Inventory that no request of this PN GW caused. Sent once; a gap is asked for.',
      body: z.strictObject({ pnId: Id, changes: Changes }),
      takenBy: { chart: 'pn-gateway/gateway' },
    },
    sealed: {
      title: 'sealed message',
      description: 'A sealed message to a PNE, to be relayed.',
      body: z.strictObject({ deviceId: Id, keyId: KeyId, counter: Counter, frame: SealedFrame }),
      takenBy: { relayedAs: 'link.down.sealed' },
    },
    data: {
      title: 'data frame',
      description: 'A data frame to a PNE, to be relayed.',
      body: z.strictObject({ pnId: Id, deviceId: Id, ...data }),
      takenBy: { relayedAs: 'link.down.data' },
    },
    notice: {
      title: 'notice',
      description:
        'The named message was not taken; with 401 and `keyId`: the server does not have this session of the PN GW.',
      body: notice.extend({ keyId: KeyId.optional() }),
      takenBy: { chart: 'pn-gateway/gateway' },
      sealing: 'none',
    },
  },
} as const satisfies { readonly [L in Leg]: { readonly [type: string]: Row } };

/** The types of the messages on a leg. */
export type TypeOn<L extends Leg> = keyof (typeof CATALOGUE)[L] & string;

/** A row, with its place in the catalogue. */
export interface Message extends Row {
  readonly leg: Leg;
  readonly type: string;
}

/** All of them, in the order of the catalogue. */
export const MESSAGES: readonly Message[] = LEG_NAMES.flatMap((leg) =>
  Object.entries<Row>(CATALOGUE[leg]).map(([type, row]) => ({ leg, type, ...row })),
);

const BY_LEG: ReadonlyMap<Leg, ReadonlyMap<string, Message>> = new Map(
  LEG_NAMES.map((leg) => [leg, new Map(MESSAGES.filter((one) => one.leg === leg).map((one) => [one.type, one]))]),
);
const BY_NAME: ReadonlyMap<string, Message> = new Map(MESSAGES.map((one) => [`${one.leg}.${one.type}`, one]));

/** The row of a message; null where there is none. */
export function rowOf(leg: Leg, type: string): Message | null {
  return BY_LEG.get(leg)?.get(type) ?? null;
}

/** By its name: `<leg>.<type>`. */
export function rowNamed(name: string): Message | null {
  return BY_NAME.get(name) ?? null;
}

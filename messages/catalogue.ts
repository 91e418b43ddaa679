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
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { parseSubject, type Address, type Leg } from './subjects.ts';

/** The messages of the protocol: what travels on which leg, and the shape of its body. */

export const PROTOCOL_VERSION = 1;

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

function row<L extends Leg, T extends string, Shape extends z.ZodType>(leg: L, type: T, says: string, body: Shape) {
  return { leg, type, says, body, content: z.object({ leg: z.literal(leg), type: z.literal(type), body }) } as const;
}

export const MESSAGES = [
  row(
    'link.up',
    'pairing-request',
    'Asks for physical pairing; stands in for the underlying network.',
    z.strictObject({}),
  ),
  row(
    'link.up',
    'registration-request',
    'PNE Registration Request. The messageId is the requestId that the handshake is bound to.',
    z.strictObject({ pnId: Id, handshake: HandshakeMessage }),
  ),
  row(
    'link.up',
    'sealed',
    'A sealed message of the secure session PNE -> CPNS Server; the PN GW cannot read it.',
    z.strictObject({ pnId: Id, keyId: KeyId, counter: Counter, frame: SealedFrame }),
  ),
  row(
    'link.up',
    'data',
    'A data frame of the secure session PNE -> CPNS Server: for a service, or (null) about the session itself.',
    z.strictObject({ pnId: Id, ...data }),
  ),
  row('link.down', 'pairing-response', 'Whether the pairing was formed.', z.strictObject({ code: Code })),
  row(
    'link.down',
    'registration-response',
    'PNE Registration Response: the code and, on 200, the second handshake message.',
    z.strictObject({ code: Code, handshake }),
  ),
  row(
    'link.down',
    'sealed',
    'A sealed message of the secure session CPNS Server -> PNE.',
    z.strictObject({ keyId: KeyId, counter: Counter, frame: SealedFrame }),
  ),
  row('link.down', 'data', 'A data frame of the secure session CPNS Server -> PNE.', z.strictObject(data)),
  row(
    'link.down',
    'notice',
    'The named message was not taken: malformed, or too many at once. No outcome of a request.',
    notice,
  ),
  row(
    'wan.up',
    'gateway-registration-request',
    'The PN GW registers itself: first handshake message.',
    z.strictObject({ handshake: HandshakeMessage }),
  ),
  row(
    'wan.up',
    'pn-establishment-request',
    'Establishes the PN through this PN GW, or asks for the changes of its inventory after `revision`.',
    z.strictObject({ pnId: Id, revision: Revision }),
  ),
  row(
    'wan.up',
    'pn-update-request',
    'PN Update Request: adds a paired stranger to the PN, or takes back one that is provisional.',
    z.strictObject({ pnId: Id, deviceId: Id, action: z.enum(['add', 'remove']) }),
  ),
  row(
    'wan.up',
    'registration-request',
    'The PNE Registration Request, forwarded with the messageId of the PNE.',
    z.strictObject({ pnId: Id, deviceId: Id, handshake: HandshakeMessage }),
  ),
  row(
    'wan.up',
    'sealed',
    'A sealed message of a PNE, relayed.',
    z.strictObject({ pnId: Id, deviceId: Id, keyId: KeyId, counter: Counter, frame: SealedFrame }),
  ),
  row('wan.up', 'data', 'A data frame of a PNE, relayed.', z.strictObject({ pnId: Id, deviceId: Id, ...data })),
  row(
    'wan.up',
    'usage-report',
    'What the PN GW relayed for one PNE since its last report, summed. The same report again is not counted again.',
    z.strictObject({ pnId: Id, deviceId: Id, usage: UsageSums }),
  ),
  row(
    'wan.down',
    'gateway-registration-response',
    'Answers the PN GW: the code and, on 200, the second handshake message.',
    z.strictObject({ code: Code, handshake }),
  ),
  row(
    'wan.down',
    'pn-establishment-response',
    'Join policy and the next changes of the PN Inventory; `more` says that there are further ones.',
    z.strictObject({
      pnId: Id,
      code: Code,
      joinPolicy: JoinPolicy.nullable(),
      changes: Changes,
      more: z.boolean(),
    }),
  ),
  row(
    'wan.down',
    'pn-update-response',
    'Answers a PN Update Request with what it changed and the revision that the inventory is at.',
    z.strictObject({ pnId: Id, deviceId: Id, code: Code, revision: Revision, changes: Changes }),
  ),
  row(
    'wan.down',
    'registration-response',
    'PNE Registration Response with what it changed in the PN Inventory.',
    z.strictObject({ pnId: Id, deviceId: Id, code: Code, handshake, revision: Revision, changes: Changes }),
  ),
  row(
    'wan.down',
    'usage-report-response',
    'Whether the report was taken.',
    z.strictObject({ deviceId: Id, code: Code }),
  ),
  row(
    'wan.down',
    'inventory-notice',
    'Changes of the PN Inventory that no request of this PN GW caused. Sent once; a gap is asked for.',
    z.strictObject({ pnId: Id, changes: Changes }),
  ),
  row(
    'wan.down',
    'sealed',
    'A sealed message to a PNE, to be relayed.',
    z.strictObject({ deviceId: Id, keyId: KeyId, counter: Counter, frame: SealedFrame }),
  ),
  row('wan.down', 'data', 'A data frame to a PNE, to be relayed.', z.strictObject({ pnId: Id, deviceId: Id, ...data })),
  row(
    'wan.down',
    'notice',
    'The named message was not taken; with 401 and `keyId`: the server does not have this session of the PN GW.',
    notice.extend({ keyId: KeyId.optional() }),
  ),
] as const;

/** A message that was read: its leg and type tell the shape of its body. */
export type Content = z.infer<(typeof MESSAGES)[number]['content']>;

/** The body of the messages of one type on one leg. */
export type Body<T extends Content['type'], L extends Content['leg']> = Extract<
  Content,
  { readonly type: T; readonly leg: L }
>['body'];

/** What every message says of itself. Binary values are base64url. */
export const Envelope = z.strictObject({
  v: z.literal(PROTOCOL_VERSION),
  type: z.string().max(64),
  messageId: Id,
  correlationId: Id,
  inReplyTo: Id.nullable(),
  body: z.record(z.string(), z.json()),
});

export interface Incoming {
  readonly gatewayId: string;
  /** From the subject, on the link. */
  readonly deviceId: string | null;
  readonly messageId: string;
  readonly correlationId: string;
  readonly inReplyTo: string | null;
  readonly content: Content;
}

export type Decoded =
  | { readonly kind: 'message'; readonly message: Incoming }
  /** Never reaches a chart. `messageId` and `address` say whom to tell, where they could be read. */
  | {
      readonly kind: 'malformed';
      readonly code: 400 | 426;
      readonly reason: string;
      readonly address: Address | null;
      readonly messageId: string | null;
      readonly correlationId: string | null;
    };

/** What comes out of `JSON.parse` is JSON: to check that again takes longer than the rest of the envelope. */
const ReadEnvelope = Envelope.extend({ body: z.record(z.string(), z.unknown()) });

const said = z.unknown().optional();
const Preview = z.object({ v: said, messageId: said, correlationId: said });
const idOrNull = (value: unknown): string | null => Id.safeParse(value).data ?? null;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a message off the wire. Size first, then JSON, version, envelope, body. Never throws. */
export function decodeMessage(subject: string, payload: Uint8Array): Decoded {
  const address = parseSubject(subject);
  const malformed = (code: 400 | 426, reason: string, json?: unknown): Decoded => {
    const seen = Preview.safeParse(json).data;
    const [messageId, correlationId] = [idOrNull(seen?.messageId), idOrNull(seen?.correlationId)];
    return { kind: 'malformed', code, reason, address, messageId, correlationId };
  };
  if (address === null) return malformed(400, 'unknown subject');
  if (payload.byteLength > MAX_MESSAGE_BYTES) return malformed(400, `over ${MAX_MESSAGE_BYTES} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(payload));
  } catch {
    return malformed(400, 'no JSON');
  }
  const envelope = ReadEnvelope.safeParse(json);
  if (!envelope.success) {
    const isOfVersion = Preview.safeParse(json).data?.v === PROTOCOL_VERSION;
    return isOfVersion ? malformed(400, 'bad envelope', json) : malformed(426, 'unknown protocol version', json);
  }
  const { messageId, correlationId, inReplyTo, body } = envelope.data;
  if (envelope.data.type !== address.type) return malformed(400, 'type is not that of the subject', json);
  const content = readBody(address.leg, address.type, body);
  if (content === null) return malformed(400, 'unknown type, or bad body', json);
  const { gatewayId, deviceId } = address;
  return { kind: 'message', message: { gatewayId, deviceId, messageId, correlationId, inReplyTo, content } };
}

const rows = new Map(MESSAGES.map((one) => [`${one.leg}/${one.type}`, one]));

function readBody(leg: Leg, type: string, body: unknown): Content | null {
  return rows.get(`${leg}/${type}`)?.content.safeParse({ leg, type, body }).data ?? null;
}

/** The device that a message is from or about: named by the subject on the link, by the body on the WAN. */
export function deviceOf({ content: { body }, deviceId }: Incoming): string | null {
  return 'deviceId' in body && typeof body.deviceId === 'string' ? body.deviceId : deviceId;
}

/** A message before it is addressed and numbered. */
export interface OutboundMessage {
  readonly subject: string;
  readonly type: string;
  /** Given for requests, which are sent again under the same id; a new one is drawn for the rest. */
  readonly messageId?: string;
  readonly inReplyTo: string | null;
  readonly body: object;
}

export function encodeMessage(letter: OutboundMessage, messageId: string, correlationId: string): string {
  const { type, inReplyTo, body } = letter;
  return JSON.stringify({ v: PROTOCOL_VERSION, type, messageId, correlationId, inReplyTo, body });
}

/** Id of a message that `encodeMessage` wrote. */
export function messageIdOf(payload: string): string {
  return ReadEnvelope.parse(JSON.parse(payload)).messageId;
}

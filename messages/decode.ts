import { z } from 'zod';
import { Id } from '../events/fields.ts';
import { rowOf } from './catalogue.ts';
import { PROTOCOL_VERSION, ReadEnvelope } from './envelope.ts';
import type { Content, Incoming } from './incoming.ts';
import type { Leg } from './legs.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { parseSubject, type Address } from './subjects.ts';

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

function readBody(leg: Leg, type: string, body: unknown): Content | null;
function readBody(leg: Leg, type: string, body: unknown): object | null {
  const read = rowOf(leg, type)?.body.safeParse(body).data;
  return read === undefined ? null : { leg, type, body: read };
}

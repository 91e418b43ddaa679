import { z } from 'zod';
import { Id } from '../events/fields.ts';

export const PROTOCOL_VERSION = 1;

/** What every message says of itself. Binary values are base64url. */
export const Envelope = z.strictObject({
  v: z.literal(PROTOCOL_VERSION),
  type: z.string().max(64),
  messageId: Id,
  correlationId: Id,
  inReplyTo: Id.nullable(),
  body: z.record(z.string(), z.json()),
});

/** What comes out of `JSON.parse` is JSON: to check that again takes longer than the rest of the envelope. */
export const ReadEnvelope = Envelope.extend({ body: z.record(z.string(), z.unknown()) });

/** A message before it is numbered. */
export interface OutboundMessage<Type extends string = string> {
  readonly subject: string;
  readonly type: Type;
  /** Given for requests, which are sent again under the same id; a new one is drawn for the rest. */
  readonly messageId?: string;
  readonly inReplyTo: string | null;
  readonly body: object;
}

export function encodeMessage(message: OutboundMessage, messageId: string, correlationId: string): string {
  const { type, inReplyTo, body } = message;
  return JSON.stringify({ v: PROTOCOL_VERSION, type, messageId, correlationId, inReplyTo, body });
}

/** Id of a message that `encodeMessage` wrote. */
export function messageIdOf(payload: string): string {
  return ReadEnvelope.parse(JSON.parse(payload)).messageId;
}

import type { ResponseCode } from '../events/codes.ts';
import { MESSAGES, rowOf, type Message } from './catalogue.ts';
import type { OutboundMessage } from './envelope.ts';
import type { Incoming } from './incoming.ts';
import { LEGS, type Leg } from './legs.ts';
import { subjectTo, type Address } from './subjects.ts';

/**
 * The outcome that refuses a request: its answer with the code, the ids of the request and what the answer says when it
 * refuses. Null where nobody waits for an outcome.
 */
export function refusalOf(
  { content, gatewayId, deviceId, messageId }: Incoming,
  code: ResponseCode,
): OutboundMessage | null {
  const { leg, type } = content;
  const answer = answerTo(leg, type);
  if (answer?.refusing === undefined) return null;
  const said: { readonly [field: string]: unknown } = { ...content.body, ...answer.refusing, code };
  // In the order of the schema: the same bytes as an answer that does not refuse.
  const body = Object.fromEntries(Object.keys(answer.body.shape).map((field) => [field, said[field]]));
  const subject = subjectTo({ leg: answer.leg, gatewayId, deviceId, type: answer.type });
  return { subject, type: answer.type, inReplyTo: messageId, body };
}

/** The row of what answers a message; null where nothing does. */
export function answerTo(leg: Leg, type: string): Message | null {
  const { answeredBy } = rowOf(leg, type) ?? {};
  return answeredBy === undefined ? null : rowOf(LEGS[leg].back, answeredBy);
}

/** Whether a message answers another one. */
export function isAnswer(leg: Leg, type: string): boolean {
  const { back } = LEGS[leg];
  return MESSAGES.some((asked) => asked.leg === back && asked.answeredBy === type);
}

/** Whose message was not taken: its device may be named by the subject or by the body. */
export type NoticeTo = Pick<Address, 'leg' | 'gatewayId' | 'deviceId'>;

/** Says that a message was not taken; no outcome. Null where its sender is told nothing. */
export function noticeTo(to: NoticeTo, code: ResponseCode, inReplyTo: string | null): OutboundMessage | null {
  const { leg, gatewayId, deviceId } = to;
  const notice = rowOf(LEGS[leg].back, 'notice');
  if (notice === null) return null;
  const subject = subjectTo({ leg: notice.leg, gatewayId, deviceId, type: notice.type });
  return { subject, type: notice.type, inReplyTo, body: { code, deviceId } };
}

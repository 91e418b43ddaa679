import { timingSafeEqual } from 'node:crypto';
import type { ResponseCode } from '../../events/codes.ts';
import { envelopeKey, openEnvelope, QUESTION_ID_BYTES, sealEnvelope } from '../../security/service-envelope.ts';
import { WireError } from '../../wire/port.ts';
import { answerFromBytes } from '../../messages/services.ts';
import type { ServiceSeams, Topic } from './seams.ts';

export type Asked =
  | { readonly kind: 'answered'; readonly code: ResponseCode }
  /** Nobody listens, so nobody has the message. */
  | { readonly kind: 'nobody' }
  /** No answer that can be believed came: the message may have been taken or not. */
  | { readonly kind: 'unknown'; readonly reason: 'no answer in time' | 'connection lost' | 'answer not sealed' };

/**
 * Asks whoever answers on the subject. Asked once: a second attempt would be another message.
 * @param body of the question
 * @throws WireError `refused` when this user of NATS may not ask it
 */
export async function askSealed(
  { wire, clock, entropy }: ServiceSeams,
  { subject, secret }: Topic,
  body: Uint8Array,
  timeoutMs: number,
): Promise<Asked> {
  const bytes = (length: number): Uint8Array => entropy.bytes(length);
  const questionId = bytes(QUESTION_ID_BYTES);
  const message = { sentAtMs: clock.now(), questionId, body };
  const sealed = sealEnvelope(envelopeKey(secret, 'question', subject), message, bytes);
  let reply: Uint8Array;
  try {
    reply = await wire.request(subject, sealed, { timeoutMs });
  } catch (error) {
    if (!(error instanceof WireError) || error.fault === 'refused') throw error;
    if (error.fault === 'noResponders') return { kind: 'nobody' };
    return { kind: 'unknown', reason: error.fault === 'timeout' ? 'no answer in time' : 'connection lost' };
  }
  const opened = openEnvelope(envelopeKey(secret, 'answer', subject), reply);
  const answer =
    opened !== null && timingSafeEqual(opened.questionId, questionId) ? answerFromBytes(opened.body) : null;
  return answer === null ? { kind: 'unknown', reason: 'answer not sealed' } : { kind: 'answered', code: answer.code };
}

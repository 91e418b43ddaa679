import { z } from 'zod';
import { Code, Id } from '../../events/fields.ts';
import { fromBase64url, toBase64url } from '../../security/base64url.ts';
import { utf8 } from '../../security/bytes.ts';
import { MAX_APPLICATION_BYTES } from '../channel/port.ts';
import { readJson } from '../roles/session.ts';

/**
 * What is in the envelopes between the CPNS Server and a service: JSON, as everywhere. The service is named by the subject,
 * which the key of the envelope is bound to.
 */

/** Base64url without padding: four characters for three bytes. */
const MAX_CHARACTERS = Math.ceil((MAX_APPLICATION_BYTES * 4) / 3);

const Bytes = z
  .string()
  .max(MAX_CHARACTERS)
  .transform((text, context) => {
    const bytes = fromBase64url(text);
    if (bytes !== null) return bytes;
    context.addIssue('not base64url');
    return z.NEVER;
  });

/** A message from a device, or one for it. */
const Question = z.strictObject({ pnId: Id, deviceId: Id, bytes: Bytes });
export type ServiceQuestion = z.infer<typeof Question>;

/** What became of the message: 200 says that it was delivered. */
const Answer = z.strictObject({ code: Code });
export type ServiceAnswer = z.infer<typeof Answer>;

export function questionToBytes({ pnId, deviceId, bytes }: ServiceQuestion): Uint8Array {
  return utf8(JSON.stringify({ pnId, deviceId, bytes: toBase64url(bytes) }));
}

/** Null for whatever is no question. */
export function questionFromBytes(bytes: Uint8Array): ServiceQuestion | null {
  return Question.safeParse(readJson(bytes)).data ?? null;
}

export function answerToBytes({ code }: ServiceAnswer): Uint8Array {
  return utf8(JSON.stringify({ code }));
}

/** Null for whatever is no answer. */
export function answerFromBytes(bytes: Uint8Array): ServiceAnswer | null {
  return Answer.safeParse(readJson(bytes)).data ?? null;
}

import { z } from 'zod';
import { Code, Id } from '../events/fields.ts';
import { fromBase64url, toBase64url } from '../security/base64url.ts';
import { utf8 } from '../security/bytes.ts';
import { MAX_APPLICATION_BYTES } from './limits.ts';
import { readJson } from './json.ts';

/**
 * What is in the envelopes between the CPNS Server and a service: JSON, as everywhere. The service is named by the subject,
 * which the key of the envelope is bound to.
 */

/** Base64url without padding: four characters for three bytes. */
const MAX_CHARACTERS = Math.ceil((MAX_APPLICATION_BYTES * 4) / 3);

/** A message from a device, or one for it. */
export const ServiceQuestion = z.strictObject({
  pnId: Id,
  deviceId: Id,
  bytes: z
    .string()
    .max(MAX_CHARACTERS)
    .regex(/^[A-Za-z0-9_-]*$/),
});

/** The same, decoded. */
export interface ServiceQuestion {
  readonly pnId: string;
  readonly deviceId: string;
  readonly bytes: Uint8Array;
}

/** What became of the message: 200 says that it was delivered. */
export const ServiceAnswer = z.strictObject({ code: Code });
export type ServiceAnswer = z.infer<typeof ServiceAnswer>;

export function questionToBytes({ pnId, deviceId, bytes }: ServiceQuestion): Uint8Array {
  return utf8(JSON.stringify({ pnId, deviceId, bytes: toBase64url(bytes) }));
}

/** Null for whatever is no question. */
export function questionFromBytes(bytes: Uint8Array): ServiceQuestion | null {
  const question = ServiceQuestion.safeParse(readJson(bytes)).data;
  const content = question === undefined ? null : fromBase64url(question.bytes);
  return question === undefined || content === null ? null : { ...question, bytes: content };
}

export function answerToBytes({ code }: ServiceAnswer): Uint8Array {
  return utf8(JSON.stringify({ code }));
}

/** Null for whatever is no answer. */
export function answerFromBytes(bytes: Uint8Array): ServiceAnswer | null {
  return ServiceAnswer.safeParse(readJson(bytes)).data ?? null;
}

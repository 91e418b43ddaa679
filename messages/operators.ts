import { z } from 'zod';
import { Id } from '../events/fields.ts';
import { utf8 } from '../security/bytes.ts';
import { readJson } from './json.ts';

/**
 * What an operator decides while servers run: JSON in a sealed envelope, as on the service leg. The operator is named by
 * the subject, which the key of the envelope is bound to.
 */

export const OPERATOR_VERBS = ['approve', 'reject'] as const;
export type OperatorVerb = (typeof OPERATOR_VERBS)[number];

/** What becomes of a device that waits to be let into a PN. */
export const OperatorQuestion = z.strictObject({ verb: z.enum(OPERATOR_VERBS), pnId: Id, deviceId: Id });
export type OperatorQuestion = Readonly<z.infer<typeof OperatorQuestion>>;

export function decisionToBytes({ verb, pnId, deviceId }: OperatorQuestion): Uint8Array {
  return utf8(JSON.stringify({ verb, pnId, deviceId }));
}

/** Null for whatever is no question. */
export function decisionFromBytes(bytes: Uint8Array): OperatorQuestion | null {
  return OperatorQuestion.safeParse(readJson(bytes)).data ?? null;
}

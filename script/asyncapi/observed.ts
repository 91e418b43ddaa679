import { z } from 'zod';
import { ROLE_NAMES } from '../../events/parties.ts';
import { rowOf } from '../../machines/catalogue.ts';

/** A committed event as observers see it: the journal's own record, as it is. */
export const RecordedEvent = z.strictObject({
  position: z.int().min(1).describe('Gapless over the whole journal of the role, from 1, in commit order.'),
  stream: z.string().describe(`The actor, e.g. \`${rowOf('cpns-server/registration').stream}\`.`),
  version: z.int().min(1).describe('Gapless within the stream, from 1.'),
  type: z.string(),
  schemaVersion: z.int().min(1),
  data: z.record(z.string(), z.unknown()),
  meta: z.strictObject({
    messageId: z.string().describe('Id of the message that led to this event.'),
    correlationId: z.string().describe('One id for all that one registration caused, in the journals of all roles.'),
    causationId: z.string().nullable().describe('Id of the message or timer that caused it.'),
    role: z.enum(ROLE_NAMES),
    chart: z.strictObject({ id: z.string(), hash: z.string() }),
    crStep: z
      .string()
      .regex(/^1\.4\.[12]\/[1-6]$/)
      .nullable()
      .describe('Step of the change request that the event realises, e.g. `1.4.1/3`.'),
    recordedAt: z.iso.datetime({ precision: 3 }),
  }),
});

import { z } from 'zod';
import {
  Code,
  CpnsId,
  Direction,
  Id,
  KeyId,
  MemberStatus,
  PersonalFields,
  Revision,
  SUBJECT_TELLERS,
} from '../events/fields.ts';

/** What is asked and answered in the queries of `exchanges.ts`. */

/** One PN, or every PN that is known where the question is asked. */
export const InventoryRequest = z.strictObject({ pnId: Id.nullable() });
export type InventoryRequest = z.infer<typeof InventoryRequest>;

/** `revision` is that of the last change of this PNE. */
export const InventoryMember = z.strictObject({
  deviceId: Id,
  status: MemberStatus,
  cpnsId: CpnsId.nullable(),
  revision: Revision,
});
export type InventoryMember = z.infer<typeof InventoryMember>;

export const InventoryAnswer = z.strictObject({
  pns: z.array(z.strictObject({ pnId: Id, revision: Revision, members: z.array(InventoryMember) })),
});
export type InventoryAnswer = z.infer<typeof InventoryAnswer>;

/** Devices of one question: as many answers of at most 1 KiB fit into 64 KiB. */
export const MAX_SUBJECTS = 48;

export const PersonalRequest = z.strictObject({ deviceIds: z.array(Id).min(1).max(MAX_SUBJECTS) });
export type PersonalRequest = z.infer<typeof PersonalRequest>;

/** `sealed`: told, but no key that opens it is there. `none`: nobody told anything. */
export const PersonalState = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('known'), by: z.enum(SUBJECT_TELLERS), fields: PersonalFields }),
  z.strictObject({ state: z.enum(['none', 'erased', 'sealed']) }),
]);
export type PersonalState = z.infer<typeof PersonalState>;

export const PersonalAnswer = z.strictObject({
  devices: z.array(z.strictObject({ deviceId: Id, personal: PersonalState })).max(MAX_SUBJECTS),
});
export type PersonalAnswer = z.infer<typeof PersonalAnswer>;

/** One PN, or every PN with the join policy `approval`. */
export const WaitingRequest = z.strictObject({ pnId: Id.nullable() });

/** In the order in which they asked; `rejected`: those that an operator turned away, and may let in all the same. */
export const WaitingAnswer = z.strictObject({
  pns: z.array(z.strictObject({ pnId: Id, waiting: z.array(Id), rejected: z.array(Id) })),
});
export type WaitingAnswer = z.infer<typeof WaitingAnswer>;

/** What one record is about. */
export const RecordKey = z.strictObject({
  pnId: Id,
  deviceId: Id,
  serviceId: Id,
  keyId: KeyId,
  direction: Direction,
});
export type RecordKey = z.infer<typeof RecordKey>;

/** Records of one PN or PNE, or of all, after the one named: page by page. */
export const ChargingRequest = z.strictObject({
  pnId: Id.nullable(),
  deviceId: Id.nullable(),
  after: RecordKey.nullable(),
});
export type ChargingRequest = z.infer<typeof ChargingRequest>;

/** Records of one answer: 64 of at most 700 bytes fit into 64 KiB. */
export const MAX_RECORDS = 64;

const Total = z.strictObject({ messages: z.int(), bytes: z.int() });

/** `difference`: what the PN GW counted more than the server. Times in milliseconds since 1970 UTC. */
export const ChargingRow = RecordKey.extend({
  cpnsId: CpnsId.nullable(),
  session: z.enum(['open', 'closed', 'unknown']),
  closedAt: z.int().nullable(),
  from: z.int(),
  to: z.int(),
  server: Total,
  gateway: Total,
  difference: Total,
  standing: z.enum(['open', 'closing', 'settled']),
});
export type ChargingRow = z.infer<typeof ChargingRow>;

/** `more`: there are further records after the last one. */
export const ChargingAnswer = z.strictObject({ records: z.array(ChargingRow).max(MAX_RECORDS), more: z.boolean() });
export type ChargingAnswer = z.infer<typeof ChargingAnswer>;

/** `reason` is the reason phrase of the code. */
export const QueryRefusal = z.strictObject({ code: Code, reason: z.string() });
export type QueryRefusal = z.infer<typeof QueryRefusal>;

export const InventoryReply = z.union([InventoryAnswer, QueryRefusal]);
export type InventoryReply = z.infer<typeof InventoryReply>;

export const WaitingReply = z.union([WaitingAnswer, QueryRefusal]);
export type WaitingReply = z.infer<typeof WaitingReply>;

export const PersonalReply = z.union([PersonalAnswer, QueryRefusal]);
export type PersonalReply = z.infer<typeof PersonalReply>;

export const ChargingReply = z.union([ChargingAnswer, QueryRefusal]);
export type ChargingReply = z.infer<typeof ChargingReply>;

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
import { query } from './subjects.ts';

/** Reads by request/reply. Nothing is changed by one, so nothing has to survive: no envelope, no ids, no retries. */

/** The PN Inventory as the CPNS Server has it. */
export const INVENTORY_QUERY = query('inventory');
/** The PN Inventory as one PN GW has it. */
export const gatewayInventoryQuery = (gatewayId: string): string => query(`gateway-inventory.${gatewayId}`);

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

/** Who uses a device, its name and its MAC address, as the CPNS Server can read them at this moment. Not for observers. */
export const PERSONAL_QUERY = query('personal');

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

/** Strangers that wait for an operator to let them into a PN, as the CPNS Server has them. */
export const WAITING_QUERY = query('waiting');

/** One PN, or every PN with the join policy `approval`. */
export const WaitingRequest = z.strictObject({ pnId: Id.nullable() });

/** In the order in which they asked; `rejected`: those that an operator turned away, and may let in all the same. */
export const WaitingAnswer = z.strictObject({
  pns: z.array(z.strictObject({ pnId: Id, waiting: z.array(Id), rejected: z.array(Id) })),
});
export type WaitingAnswer = z.infer<typeof WaitingAnswer>;

/** The charging records as the CPNS Server has them. */
export const CHARGING_QUERY = query('charging');

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

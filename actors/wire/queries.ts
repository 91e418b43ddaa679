import { z } from 'zod';
import { Code, CpnsId, Id, MemberStatus, Revision } from '../../events/fields.ts';
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

/** `reason` is the reason phrase of the code. */
export const QueryRefusal = z.strictObject({ code: Code, reason: z.string() });
export type QueryRefusal = z.infer<typeof QueryRefusal>;

export const InventoryReply = z.union([InventoryAnswer, QueryRefusal]);
export type InventoryReply = z.infer<typeof InventoryReply>;

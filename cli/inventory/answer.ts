import type { Log } from '../../seams/log.ts';
import type { Wire } from '../../wire/port.ts';
import { InventoryRequest, type InventoryReply } from '../../messages/queries.ts';
import type { InventoryProjection } from '../../projections/projection.ts';
import { answerQuery, refusal } from '../query/answer.ts';

/** Answers questions for the PN Inventory, as of everything committed when the question came. */
export function answerInventory(wire: Wire, subject: string, inventory: InventoryProjection, log: Log): void {
  answerQuery(wire, subject, log, async (question): Promise<InventoryReply> => {
    const request = InventoryRequest.safeParse(question).data;
    if (request === undefined) return refusal(400);
    await inventory.catchUp();
    const pns = await inventory.inventory(request.pnId ?? undefined);
    if (request.pnId !== null && pns.length === 0) return refusal(404);
    return { pns: pns.map((pn) => ({ ...pn, members: [...pn.members] })) };
  });
}

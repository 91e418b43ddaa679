import type { Log } from '../../actors/seams/log.ts';
import type { Wire } from '../../actors/wire/port.ts';
import { InventoryRequest, type InventoryReply } from '../../actors/wire/queries.ts';
import { MAX_PAYLOAD_BYTES } from '../../actors/wire/subject.ts';
import { reasonPhrase, type ResponseCode } from '../../events/codes.ts';
import type { InventoryProjection } from '../../projections/projection.ts';

/** Answers questions for the PN Inventory, as of everything committed when the question came. */
export function answerInventory(wire: Wire, subject: string, inventory: InventoryProjection, log: Log): void {
  wire.subscribe(subject, ({ payload, reply }) => {
    if (reply === undefined) return;
    void answer(payload, inventory)
      .catch((error: unknown): InventoryReply => {
        log.error('query failed', { subject, error: error instanceof Error ? error.message : String(error) });
        return refusal(500);
      })
      .then((value) => {
        const text = JSON.stringify(value);
        const fits = Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES;
        wire.publish(reply, fits ? text : JSON.stringify(refusal(429)));
      });
  });
}

async function answer(payload: Uint8Array, inventory: InventoryProjection): Promise<InventoryReply> {
  const request = InventoryRequest.safeParse(parse(payload)).data;
  if (request === undefined) return refusal(400);
  await inventory.catchUp();
  const pns = await inventory.inventory(request.pnId ?? undefined);
  if (request.pnId !== null && pns.length === 0) return refusal(404);
  return { pns: pns.map((pn) => ({ ...pn, members: [...pn.members] })) };
}

function refusal(code: ResponseCode): InventoryReply {
  return { code, reason: reasonPhrase(code) };
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return null;
  }
}

import { WireError, type Wire } from '../../wire/port.ts';
import { InventoryReply, type InventoryAnswer } from '../../messages/queries.ts';
import { UsageError } from '../errors.ts';
import { askQuery } from '../query/ask.ts';

/**
 * Asks a running role for its PN Inventory.
 * @throws WireError when nobody answers, UsageError when the PN is not there
 */
export async function askInventory(wire: Wire, subject: string, pnId: string | null): Promise<InventoryAnswer['pns']> {
  const reply = await askQuery(wire, subject, { pnId }, InventoryReply);
  if ('pns' in reply) return reply.pns;
  if (reply.code === 404) throw new UsageError(`There is no PN '${pnId}'`, 'cpns inventory lists the PNs there are.');
  const remedy =
    reply.code === 429
      ? 'Ask for one PN with --pn, or again in a moment.'
      : 'The log of the role that was asked says more.';
  throw new WireError('refused', `The inventory was refused: ${reply.code} ${reply.reason}`, remedy);
}

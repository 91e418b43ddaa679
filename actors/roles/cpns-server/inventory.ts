import { InventoryChanges, MAX_CHANGES, type InventoryChange } from '../../../events/fields.ts';
import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import type { Scope } from '../../loop/role.ts';
import { StepValue, type Found } from '../../loop/step-value.ts';
import { streamOf } from '../../../machines/streams.ts';

/** Changes of a PN Inventory: the next one, and those that a PN GW lacks. */

/** Changes of the PN Inventory that an answer of this step carries, and whether there are more. */
export const answeredChanges = new StepValue<{
  readonly changes: readonly InventoryChange[];
  readonly more: 'more' | 'all';
}>('inventory changes');

/** One change of one device, made by the next event of the PN. */
export async function change(
  scope: Scope,
  pnId: string,
  what: Pick<InventoryChange, 'deviceId' | 'kind' | 'status' | 'cpnsId'>,
): Promise<{
  readonly inventory: { readonly pnId: string; readonly changes: InventoryChange[] };
  readonly found: readonly Found[];
}> {
  const stream = streamOf('cpns-server/personal-network', { pnId });
  const previous = (await scope.state(personalNetwork, stream)).context.revision;
  const revision = await scope.nextVersion(stream);
  const made: InventoryChange = { revision, previous, ...what };
  return { inventory: { pnId, changes: [made] }, found: [answeredChanges.is({ changes: [made], more: 'all' })] };
}

/** The next changes after a revision, at most `MAX_CHANGES`, whole events only. */
export async function changesSince(
  scope: Scope,
  stream: string,
  revision: number,
): Promise<{ readonly changes: readonly InventoryChange[]; readonly more: 'more' | 'all' }> {
  const changes: InventoryChange[] = [];
  for (let after = revision; ;) {
    const page = await scope.journal.readStream(stream, { after });
    for (const event of page) {
      after = event.version;
      const inventory = InventoryChanges.safeParse(event.data['inventory']).data;
      if (inventory === undefined) continue;
      if (changes.length + inventory.changes.length > MAX_CHANGES) return { changes, more: 'more' };
      changes.push(...inventory.changes);
    }
    if (page.length === 0) return { changes, more: 'all' };
  }
}

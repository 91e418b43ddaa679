import type { JournalReader } from '../journal/port.ts';
import { Projection } from './engine.ts';
import { changedPns, INVENTORY, InventoryFold } from './inventory.ts';
import type { InventoryStore, PnInventory, InventoryDelta } from './port.ts';

/** The PN Inventory, maintained. */
export class InventoryProjection extends Projection<InventoryDelta> {
  readonly #store: InventoryStore;
  constructor(journal: JournalReader, store: InventoryStore) {
    const foldOnto = async (events: Parameters<typeof changedPns>[0]) =>
      new InventoryFold(await store.revisions(changedPns(events)));
    super({ model: INVENTORY, journal, store, foldOnto });
    this.#store = store;
  }

  inventory(pnId?: string): Promise<readonly PnInventory[]> {
    return this.#store.inventory(pnId);
  }
}

import type { JournalReader } from '../events/journal/port.ts';
import { Projection } from './engine.ts';
import { changedPns, INVENTORY_NAME, InventoryFold, type InventoryDelta } from './inventory.ts';
import type { InventoryStore, PnInventory } from './port.ts';

/** The PN Inventory, maintained. */
export class InventoryProjection extends Projection<InventoryDelta> {
  readonly #store: InventoryStore;
  constructor(journal: JournalReader, store: InventoryStore) {
    super({
      name: INVENTORY_NAME,
      journal,
      store,
      foldOnto: async (events) => new InventoryFold(await store.revisions(changedPns(events))),
      foldAnew: () => new InventoryFold(),
    });
    this.#store = store;
  }

  inventory(pnId?: string): Promise<readonly PnInventory[]> {
    return this.#store.inventory(pnId);
  }
}

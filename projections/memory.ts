import { INVENTORY_NAME } from './inventory.ts';
import { MemoryStore } from './memory-store.ts';
import type { InventoryStore, MemberRow, PnInventory, InventoryDelta } from './port.ts';

/** The simulated twin of the store in a database. */
export class MemoryInventoryStore extends MemoryStore<InventoryDelta> implements InventoryStore {
  readonly #revisions = new Map<string, number>();
  readonly #members = new Map<string, Map<string, MemberRow>>();
  constructor(checkpoint = 0) {
    super(INVENTORY_NAME, checkpoint);
  }

  async revisions(pnIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map(pnIds.map((pnId) => [pnId, this.#revisions.get(pnId) ?? 0]));
  }
  async inventory(pnId?: string): Promise<readonly PnInventory[]> {
    const ids = [...this.#revisions.keys()].filter((id) => pnId === undefined || id === pnId).toSorted();
    return ids.map((id) => ({
      pnId: id,
      revision: this.#revisions.get(id) ?? 0,
      members: [...(this.#members.get(id)?.values() ?? [])].toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1)),
    }));
  }

  protected override clear(): void {
    this.#revisions.clear();
    this.#members.clear();
  }

  protected override put(delta: InventoryDelta): void {
    for (const [pnId, revision] of delta.revisions) this.#revisions.set(pnId, revision);
    for (const [pnId, rows] of delta.members) {
      const members = this.#members.get(pnId) ?? new Map<string, MemberRow>();
      for (const [deviceId, row] of rows) {
        if (row === null) members.delete(deviceId);
        else members.set(deviceId, row);
      }
      this.#members.set(pnId, members);
    }
  }
}

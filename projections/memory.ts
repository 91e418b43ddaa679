import { INVENTORY_NAME, type InventoryDelta } from './inventory.ts';
import type { InventoryStore, MemberRow, PnInventory } from './port.ts';
import { overlapError } from './port.ts';

/** The simulated twin of the SQLite store. */
export class MemoryInventoryStore implements InventoryStore {
  #checkpoint: number;
  readonly #revisions = new Map<string, number>();
  readonly #members = new Map<string, Map<string, MemberRow>>();
  constructor(checkpoint = 0) {
    this.#checkpoint = checkpoint;
  }

  async checkpoint(): Promise<number> {
    return this.#checkpoint;
  }
  async revisions(pnIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map(pnIds.map((pnId) => [pnId, this.#revisions.get(pnId) ?? 0]));
  }
  async advance(step: { readonly from: number; readonly to: number; readonly delta: InventoryDelta }): Promise<void> {
    if (this.#checkpoint !== step.from) throw overlapError(INVENTORY_NAME, step.from, this.#checkpoint);
    this.#put(step.delta);
    this.#checkpoint = step.to;
  }
  async replace(state: { readonly to: number; readonly delta: InventoryDelta }): Promise<void> {
    this.#revisions.clear();
    this.#members.clear();
    this.#put(state.delta);
    this.#checkpoint = state.to;
  }
  async inventory(pnId?: string): Promise<readonly PnInventory[]> {
    const ids = [...this.#revisions.keys()].filter((id) => pnId === undefined || id === pnId).toSorted();
    return ids.map((id) => ({
      pnId: id,
      revision: this.#revisions.get(id) ?? 0,
      members: [...(this.#members.get(id)?.values() ?? [])].toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1)),
    }));
  }

  #put(delta: InventoryDelta): void {
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

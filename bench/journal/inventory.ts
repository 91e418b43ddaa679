interface Change {
  readonly revision: number;
  readonly deviceId: string;
  readonly status: string;
  readonly cpnsId: string | null;
}

export interface InventoryData {
  readonly inventory?: { readonly pnId: string; readonly changes: readonly Change[] };
}

export interface Pn {
  revision: number;
  readonly members: Map<string, Change>;
}

/** The fold of the PN Inventory by hand, without any check. */
export function applyByHand(pns: Map<string, Pn>, { inventory }: InventoryData): void {
  if (inventory === undefined) return;
  let pn = pns.get(inventory.pnId);
  if (pn === undefined) pns.set(inventory.pnId, (pn = { revision: 0, members: new Map() }));
  for (const change of inventory.changes) {
    pn.revision = change.revision;
    if (change.status === 'removed') pn.members.delete(change.deviceId);
    else pn.members.set(change.deviceId, change);
  }
}

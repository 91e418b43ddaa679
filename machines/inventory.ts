import type { InventoryChange, MemberStatus } from '../events/fields.ts';

export interface Member {
  readonly status: MemberStatus;
  readonly cpnsId: string | null;
}

/** Who is in a PN, by device id. */
export type Members = { readonly [deviceId: string]: Member };

/** The inventory after the changes; the same function at the server and at the PN GW. */
export function applyChanges(members: Members, changes: readonly InventoryChange[]): Members {
  const next: Record<string, Member> = { ...members };
  for (const change of changes) {
    if (change.status === 'removed') delete next[change.deviceId];
    else next[change.deviceId] = { status: change.status, cpnsId: change.cpnsId };
  }
  return next;
}

import { InventoryChanges } from '../events/fields.ts';
import type { RecordedEvent } from '../journal/port.ts';
import { handlerError, type Fold, type InventoryDelta, type MemberRow, type ReadModel } from './port.ts';
import type { ReadTable } from './tables.ts';

export const INVENTORY_NAME = 'pn-inventory';

/** PNs whose inventory the events change, or start. */
export function changedPns(events: readonly RecordedEvent[]): readonly string[] {
  const found = new Set<string>();
  for (const event of events) {
    const pnId = startedPn(event) ?? pnOf(event.data['inventory']);
    if (pnId !== null) found.add(pnId);
  }
  return [...found];
}

/**
 * The fold: events in journal order, on top of PNs at these revisions (0 where not named). The changes of one revision
 * stand in one event.
 * @throws ProjectionError `handler` where a change is malformed or does not follow the revision before it
 */
export class InventoryFold implements InventoryDelta, Fold {
  readonly revisions: Map<string, number>;
  readonly members = new Map<string, Map<string, MemberRow | null>>();
  constructor(revisions: ReadonlyMap<string, number> = new Map()) {
    this.revisions = new Map(revisions);
  }

  apply(event: RecordedEvent): void {
    const started = startedPn(event);
    if (started !== null) this.revisions.set(started, this.revisions.get(started) ?? 0);
    if (event.data['inventory'] === undefined) return;
    const inventory = InventoryChanges.safeParse(event.data['inventory']).data;
    if (inventory === undefined) throw handlerError(INVENTORY_NAME, event, 'carries a malformed inventory');
    const { pnId, changes } = inventory;
    const members = this.members.get(pnId) ?? new Map<string, MemberRow | null>();
    this.members.set(pnId, members);
    let within = 0;
    for (const { revision, previous, deviceId, status, cpnsId } of changes) {
      const current = this.revisions.get(pnId) ?? 0;
      if (revision !== within && (previous !== current || revision <= previous)) {
        const what = `goes from revision ${previous} to ${revision} of PN ${pnId}, which is at ${current}`;
        throw handlerError(INVENTORY_NAME, event, what);
      }
      within = revision;
      this.revisions.set(pnId, revision);
      members.set(deviceId, status === 'removed' ? null : { deviceId, status, cpnsId, revision });
    }
  }
}

/** Events after which a PN is there, with nobody in it yet: at the server, and at a PN GW. */
const STARTS: ReadonlySet<string> = new Set(['PnProvisioned', 'PnEstablished']);

function startedPn({ type, data }: RecordedEvent): string | null {
  const { pnId } = data;
  return STARTS.has(type) && typeof pnId === 'string' ? pnId : null;
}

function pnOf(inventory: unknown): string | null {
  if (typeof inventory !== 'object' || inventory === null || !('pnId' in inventory)) return null;
  return typeof inventory.pnId === 'string' ? inventory.pnId : null;
}

const MEMBERS: ReadTable<InventoryDelta> = {
  name: 'pn_inventory',
  columns: { pn_id: 'text', device_id: 'text', status: 'text', cpns_id: 'text?', revision: 'number' },
  keyColumns: 2,
  rows: ({ members }) =>
    [...members].flatMap(([pnId, devices]) =>
      [...devices.values()].flatMap((row) =>
        row === null ? [] : [[pnId, row.deviceId, row.status, row.cpnsId, row.revision]],
      ),
    ),
  gone: ({ members }) =>
    [...members].flatMap(([pnId, devices]) =>
      [...devices].flatMap(([deviceId, row]) => (row === null ? [[pnId, deviceId] as const] : [])),
    ),
};

const REVISIONS: ReadTable<InventoryDelta> = {
  name: 'pn_revision',
  columns: { pn_id: 'text', revision: 'number' },
  keyColumns: 1,
  rows: ({ revisions }) => [...revisions],
};

export const INVENTORY: ReadModel<InventoryDelta> = {
  name: INVENTORY_NAME,
  shape: 1,
  tables: [MEMBERS, REVISIONS],
  foldAnew: () => new InventoryFold(),
};

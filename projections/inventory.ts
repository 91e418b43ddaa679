import type { RecordedEvent } from '../events/journal/port.ts';
import { ProjectionError } from './port.ts';
import type { MemberRow, MemberStatus } from './port.ts';

/** One change of a PN Inventory, as an event carries it in `data.inventory.changes`. */
interface InventoryChange {
  readonly revision: number;
  readonly previous: number;
  readonly deviceId: string;
  readonly kind: string;
  readonly status: MemberStatus | 'removed';
  readonly cpnsId: string | null;
}

/** What a run of events does to the inventory; only the last state of each device and each PN remains. */
export interface InventoryDelta {
  readonly revisions: ReadonlyMap<string, number>;
  /** By PN and device; null where the device was removed. */
  readonly members: ReadonlyMap<string, ReadonlyMap<string, MemberRow | null>>;
}

/** PNs whose inventory the events change. */
export function changedPns(events: readonly RecordedEvent[]): readonly string[] {
  const found = new Set<string>();
  for (const event of events) {
    const pnId = inventoryOf(event)?.pnId;
    if (typeof pnId === 'string') found.add(pnId);
  }
  return [...found];
}

/**
 * The fold: events in journal order, on top of PNs at these revisions (0 where not named).
 * @throws ProjectionError `handler` where a change is malformed or does not follow the revision before it
 */
export class InventoryFold implements InventoryDelta {
  readonly revisions: Map<string, number>;
  readonly members = new Map<string, Map<string, MemberRow | null>>();
  constructor(revisions: ReadonlyMap<string, number> = new Map()) {
    this.revisions = new Map(revisions);
  }

  apply(event: RecordedEvent): void {
    const inventory = inventoryOf(event);
    if (inventory === null) return;
    const { pnId, changes } = inventory;
    if (typeof pnId !== 'string' || !Array.isArray(changes)) throw malformed(event);
    for (const change of changes) {
      if (!isChange(change)) throw malformed(event);
      const { revision, previous, deviceId, status, cpnsId } = change;
      const current = this.revisions.get(pnId) ?? 0;
      if (previous !== current || revision <= previous) {
        const what = `goes from revision ${previous} to ${revision} of PN ${pnId}, which is at ${current}`;
        throw handlerError(event, what);
      }
      this.revisions.set(pnId, revision);
      const members = this.members.get(pnId) ?? new Map<string, MemberRow | null>();
      members.set(deviceId, status === 'removed' ? null : { deviceId, status, cpnsId, revision });
      this.members.set(pnId, members);
    }
  }
}

function inventoryOf(event: RecordedEvent): { readonly pnId: unknown; readonly changes: unknown } | null {
  const inventory: unknown = event.data['inventory'];
  if (typeof inventory !== 'object' || inventory === null) return null;
  return { pnId: Reflect.get(inventory, 'pnId'), changes: Reflect.get(inventory, 'changes') };
}

const STATUSES: ReadonlySet<unknown> = new Set(['member', 'provisional', 'registered', 'removed']);

function isChange(value: unknown): value is InventoryChange {
  if (typeof value !== 'object' || value === null) return false;
  if (!('revision' in value && 'previous' in value && 'deviceId' in value && 'status' in value && 'cpnsId' in value)) {
    return false;
  }
  const { revision, previous, deviceId, status, cpnsId } = value;
  return (
    Number.isSafeInteger(revision) &&
    Number.isSafeInteger(previous) &&
    typeof deviceId === 'string' &&
    STATUSES.has(status) &&
    (cpnsId === null || typeof cpnsId === 'string')
  );
}

function malformed(event: RecordedEvent): ProjectionError {
  return handlerError(event, 'carries a malformed inventory');
}

function handlerError(event: RecordedEvent, what: string): ProjectionError {
  const message = `PN Inventory: event ${event.position} (${event.type} in ${event.stream}) ${what}.`;
  return new ProjectionError('handler', message, 'The event or its handler is wrong: replay the stream to see which.');
}

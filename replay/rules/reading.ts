import { InventoryChanges, type InventoryChange } from '../../events/fields.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import type { Scratch } from '../scratch/scratch.ts';
import { TEXT, type Shelf } from '../scratch/shelf.ts';
import type { ChartId } from '../../machines/catalogue.ts';
import { readStreamName, type IdsOf } from '../../machines/streams.ts';

/** How the rules read events. */

export const text = (event: RecordedEvent, field: string): string | null => {
  const value = event.data[field];
  return typeof value === 'string' ? value : null;
};

export const isOf = ({ meta }: RecordedEvent, chart: ChartId): boolean => meta.chart.id === chart;

/**
 * The ids in the stream of an event of that chart. Null for an event of another chart, and in a stream that is none of this
 * chart, which the rule `envelope` tells.
 */
export function streamIds<Id extends ChartId>(event: RecordedEvent, chart: Id): IdsOf<Id> | null;
export function streamIds(event: RecordedEvent, chart: ChartId): object | null {
  if (!isOf(event, chart)) return null;
  const name = readStreamName(event.stream);
  return name?.chart === chart ? name.ids : null;
}

/** Events that change an inventory, the server's or that of a PN GW. */
export const INVENTORY_EVENTS = [
  'MembersProvisioned',
  'PneAdded',
  'PneApproved',
  'InventoryUpdated',
  'PneRemoved',
  'LocalInventoryUpdated',
] as const;

/** Several rules ask it of the same event, one after the other. */
export function changesOf(event: RecordedEvent): InventoryChanges | null {
  const inventory = event.data['inventory'];
  if (inventory === undefined) return null;
  if (last.event !== event) last = { event, changes: InventoryChanges.safeParse(inventory).data ?? null };
  return last.changes;
}

let last: { readonly event: RecordedEvent | null; readonly changes: InventoryChanges | null } = {
  event: null,
  changes: null,
};

/** Of each PNE in each PN, what the inventory of one journal says. */
export class Inventory {
  readonly #status: Shelf<string>;

  constructor(scratch: Scratch) {
    this.#status = scratch.shelf(TEXT);
  }

  apply({ pnId, changes }: InventoryChanges): void {
    for (const { deviceId, status } of changes) this.#status.set(`${pnId}/${deviceId}`, status);
  }

  /** Null for one that is not in it. */
  status(pnId: string, deviceId: string): InventoryChange['status'] | null {
    const found = this.#status.get(`${pnId}/${deviceId}`);
    return STATUSES.find((status) => status === found) ?? null;
  }
}

const STATUSES = ['member', 'provisional', 'registered'] as const;

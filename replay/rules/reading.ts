import { InventoryChanges, type InventoryChange } from '../../events/fields.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import type { Scratch } from '../scratch/scratch.ts';
import { TEXT, type Shelf } from '../scratch/shelf.ts';
import type { ChartId } from '../../machines/catalogue.ts';
import { KEYRING_STREAM, RECORD_STREAM } from '../../machines/streams.ts';

/** How the rules read events. */

export const text = (event: RecordedEvent, field: string): string | null => {
  const value = event.data[field];
  return typeof value === 'string' ? value : null;
};

export const isOf = ({ meta }: RecordedEvent, chart: ChartId): boolean => meta.chart.id === chart;

/** What the name of a stream says of its actor: a word, then these ids. */
export const STREAMS: { readonly [chart in ChartId]: readonly [word: string, ...ids: readonly string[]] } = {
  'pne/registration': ['pne', 'deviceId'],
  'pn-gateway/gateway': ['gateway', 'gatewayId'],
  'pn-gateway/admission': ['admission', 'gatewayId', 'deviceId'],
  'pn-gateway/usage': ['usage', 'gatewayId', 'deviceId'],
  'cpns-server/gateway-registration': ['gateway-registration', 'gatewayId'],
  'cpns-server/personal-network': ['pn', 'pnId'],
  'cpns-server/registration': ['registration', 'pnId', 'deviceId'],
  'cpns-server/charging': ['charging', 'pnId', 'deviceId'],
  'cpns-server/subject': ['subject', 'deviceId'],
  'journal/keyring': [KEYRING_STREAM],
  'journal/record': [RECORD_STREAM],
};

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

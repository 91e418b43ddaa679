import type { JsonObject, NewEvent } from '../../events/journal/port.ts';
import { eventOf } from '../events/journal/controls.ts';

export interface Step {
  readonly deviceId: string;
  readonly kind: 'added' | 'registered' | 'removed';
}

const STATUS = { added: 'provisional', registered: 'registered', removed: 'removed' };

/** An event that takes one PN from `revision` on by these steps. */
export function inventoryEvent(pnId: string, revision: number, steps: readonly Step[]): NewEvent {
  const changes = steps.map(({ deviceId, kind }, i): JsonObject => ({
    revision: revision + i + 1,
    previous: revision + i,
    deviceId,
    kind,
    status: STATUS[kind],
    cpnsId: kind === 'registered' ? `cpns-${deviceId}` : null,
  }));
  return eventOf('InventoryUpdated', { data: { inventory: { pnId, changes } } });
}

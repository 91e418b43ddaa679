import type { JsonObject, NewEvent } from '../../journal/port.ts';
import { eventOf } from '../journal/controls.ts';

export interface Step {
  readonly deviceId: string;
  readonly kind: 'added' | 'registered' | 'removed';
}

/** A CPNS ID for a device of a test. */
export function cpnsIdOf(deviceId: string): string {
  return `cpns-${deviceId
    .replaceAll(/[^a-z2-7]/g, '')
    .padEnd(26, 'a')
    .slice(0, 26)}`;
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
    cpnsId: kind === 'registered' ? cpnsIdOf(deviceId) : null,
  }));
  return eventOf('InventoryUpdated', { data: { inventory: { pnId, changes } } });
}

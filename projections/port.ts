import type { MemberStatus } from '../events/fields.ts';
import type { RecordedEvent } from '../events/journal/port.ts';
import type { InventoryDelta } from './inventory.ts';

export interface MemberRow {
  readonly deviceId: string;
  readonly status: MemberStatus;
  readonly cpnsId: string | null;
  /** Revision of the PN at which the row became what it is. */
  readonly revision: number;
}

export interface PnInventory {
  readonly pnId: string;
  readonly revision: number;
  /** By device id, ascending. */
  readonly members: readonly MemberRow[];
}

/** Where a read model is kept: rows and checkpoint, which move in one transaction. */
export interface ProjectionStore<Delta> {
  /** Position of the last event that is in the rows; 0 before the first. */
  checkpoint(): Promise<number>;
  /**
   * Applies the rows and moves the checkpoint, both or neither.
   * @throws ProjectionError `overlap` where the checkpoint is not at `from`
   */
  advance(step: { readonly from: number; readonly to: number; readonly delta: Delta }): Promise<void>;
  /** Replaces all rows and the checkpoint, in one transaction. */
  replace(state: { readonly to: number; readonly delta: Delta }): Promise<void>;
}

export interface InventoryStore extends ProjectionStore<InventoryDelta> {
  /** Revisions of those of the PNs that it knows. */
  revisions(pnIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** One PN, or all of them by id, ascending. */
  inventory(pnId?: string): Promise<readonly PnInventory[]>;
}

/**
 * `ahead`: the checkpoint is beyond the journal. `handler`: an event could not be applied. `overlap`: somebody else moved
 * the checkpoint meanwhile. In each case rows and checkpoint are as they were.
 */
export type ProjectionFault = 'ahead' | 'handler' | 'overlap';

export class ProjectionError extends Error {
  override readonly name = 'ProjectionError';
  readonly fault: ProjectionFault;
  readonly remedy: string;
  constructor(fault: ProjectionFault, message: string, remedy: string) {
    super(message);
    this.fault = fault;
    this.remedy = remedy;
  }
}

/** @param name of the read model, for people */
export function overlapError(name: string, from: number, actual: number): ProjectionError {
  const message = `${name}: its checkpoint is at ${actual}, not at ${from}; somebody else moved it.`;
  return new ProjectionError('overlap', message, 'Run one projection on this store, and catch up again.');
}

export function handlerError(name: string, event: RecordedEvent, what: string): ProjectionError {
  const message = `${name}: event ${event.position} (${event.type} in ${event.stream}) ${what}.`;
  return new ProjectionError('handler', message, 'The event or its handler is wrong: replay the stream to see which.');
}

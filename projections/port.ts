import type { MemberStatus } from '../events/fields.ts';
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

/** Where the read model is kept: rows and checkpoint, which move in one transaction. */
export interface InventoryStore {
  /** Position of the last event that is in the rows; 0 before the first. */
  checkpoint(): Promise<number>;
  /** Revisions of those of the PNs that it knows. */
  revisions(pnIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Applies the rows and moves the checkpoint, both or neither.
   * @throws ProjectionError `overlap` where the checkpoint is not at `from`
   */
  advance(step: { readonly from: number; readonly to: number; readonly delta: InventoryDelta }): Promise<void>;
  /** Replaces all rows and the checkpoint, in one transaction. */
  replace(state: { readonly to: number; readonly delta: InventoryDelta }): Promise<void>;
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

export function overlapError(from: number, actual: number): ProjectionError {
  const message = `PN Inventory: its checkpoint is at ${actual}, not at ${from}; somebody else moved it.`;
  return new ProjectionError('overlap', message, 'Run one projection on this store, and catch up again.');
}

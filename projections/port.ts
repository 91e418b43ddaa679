import type { MemberStatus } from '../events/fields.ts';
import type { RecordedEvent } from '../journal/port.ts';
import type { ReadTable } from './tables.ts';

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

/** What a run of events does to the inventory; only the last state of each device and each PN remains. */
export interface InventoryDelta {
  readonly revisions: ReadonlyMap<string, number>;
  /** By PN and device; null where the device was removed. */
  readonly members: ReadonlyMap<string, ReadonlyMap<string, MemberRow | null>>;
}

/** What a run of events does to a read model, while they are applied in journal order. */
export interface Fold {
  /** @throws ProjectionError `handler` */
  apply(event: RecordedEvent): void;
}

/** A read model: what events add up to, and the rows that keep it. */
export interface ReadModel<Delta> {
  /** In commands, logs and errors. */
  readonly name: string;
  /** Raised with every change of the tables or of what the fold puts there: older rows are dropped and built again. */
  readonly shape: number;
  readonly tables: readonly ReadTable<Delta>[];
  /** A fold from nothing. */
  foldAnew(): Delta & Fold;
}

/** An event as errors and lists name it. */
export type NamedEvent = Pick<RecordedEvent, 'position' | 'type' | 'stream'>;

/** Why a projection does not go on, and at which event. */
export interface Stop {
  readonly fault: ProjectionFault;
  readonly says: string;
  readonly event: NamedEvent | null;
}

export interface Standing {
  /** The checkpoint: position of the last event that is in the rows; 0 before the first. */
  readonly position: number;
  /** Null while it runs, or waits for somebody who runs it. */
  readonly stopped: Stop | null;
}

/** Where a read model is kept: rows and checkpoint, which move in one transaction. */
export interface ProjectionStore<Delta> {
  standing(): Promise<Standing>;
  /**
   * Applies the rows and moves the checkpoint, both or neither.
   * @throws ProjectionError `overlap` where the checkpoint is not at `from`
   */
  advance(step: { readonly from: number; readonly to: number; readonly delta: Delta }): Promise<void>;
  /** Replaces all rows and the checkpoint, in one transaction. */
  replace(state: { readonly to: number; readonly delta: Delta }): Promise<void>;
  /** Notes for everybody why the projection stopped; nothing where the checkpoint is not at `at` any more. */
  stop(at: number, stopped: Stop): Promise<void>;
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
  readonly event: NamedEvent | null;
  constructor(
    fault: ProjectionFault,
    message: string,
    remedy: string,
    { event = null, ...options }: ErrorOptions & { readonly event?: NamedEvent | null } = {},
  ) {
    super(message, options);
    this.fault = fault;
    this.remedy = remedy;
    this.event = event;
  }
}

/** @param name of the read model */
export function overlapError(name: string, from: number, actual: number): ProjectionError {
  const message = `${name}: its checkpoint is at ${actual}, not at ${from}; somebody else moved it.`;
  return new ProjectionError('overlap', message, 'Run one projection on this store, and catch up again.');
}

export function aheadError(name: string, checkpoint: number, head: number): ProjectionError {
  const message = `${name}: its checkpoint ${checkpoint} is beyond the journal, which ends at ${head}.`;
  const remedy = 'The journal was replaced by an older one: cpns projections rebuild.';
  return new ProjectionError('ahead', message, remedy);
}

/** @param what the sentence goes on with after the event */
export function handlerError(name: string, event: NamedEvent, what: string, cause?: unknown): ProjectionError {
  const { position, type, stream } = event;
  const message = `${name}: event ${position} (${type} in ${stream}) ${what}.`;
  return new ProjectionError('handler', message, 'The event or its handler is wrong: replay the stream to see which.', {
    event: { position, type, stream },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Applies an event; whatever its handler throws names it. @throws ProjectionError `handler` */
export function applyTo(fold: Fold, name: string, event: RecordedEvent): void {
  try {
    fold.apply(event);
  } catch (error) {
    if (error instanceof ProjectionError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw handlerError(name, event, `could not be applied: ${reason}`, error);
  }
}

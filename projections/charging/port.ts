import type { UsageSum } from '../../events/fields.ts';
import type { Total } from '../../machines/usage.ts';
import type { ProjectionStore } from '../port.ts';

export const CHARGING_NAME = 'charging';

/** What a record is about; records stand in the order of these fields. */
export interface RecordKey extends Pick<UsageSum, 'keyId' | 'serviceId' | 'direction'> {
  readonly pnId: string;
  readonly deviceId: string;
}

/** Two counts of the same thing, each as its side gave it. */
export interface UsageRow extends RecordKey {
  readonly server: Total;
  readonly gateway: Total;
  /** First and last moment that was counted, in milliseconds since 1970 UTC, by the clock of whoever counted. */
  readonly from: number;
  readonly to: number;
}

/** A session that the server agreed on; null where the events that are folded do not say. */
export interface SessionRow extends Pick<RecordKey, 'pnId' | 'deviceId' | 'keyId'> {
  readonly cpnsId: string | null;
  /** Milliseconds since 1970 UTC, by the clock of the server. */
  readonly closedAt: number | null;
}

export interface ChargingRecord extends UsageRow {
  readonly cpnsId: string | null;
  /** `unknown`: the server never agreed on such a session with this PNE. */
  readonly session: 'open' | 'closed' | 'unknown';
  readonly closedAt: number | null;
}

/** What a run of events adds. */
export interface ChargingDelta {
  /** By `recordId`; the counts are to be added to those that are there. */
  readonly usage: ReadonlyMap<string, UsageRow>;
  /** By `sessionId`. */
  readonly sessions: ReadonlyMap<string, SessionRow>;
}

export interface RecordsQuestion {
  readonly pnId: string | null;
  readonly deviceId: string | null;
  /** Records after this one; null from the first. */
  readonly after: RecordKey | null;
  readonly limit: number;
}

export interface ChargingStore extends ProjectionStore<ChargingDelta> {
  /** By PN, PNE, service, session and direction, ascending. */
  records(question: RecordsQuestion): Promise<readonly ChargingRecord[]>;
}

/** Ids have no blank; the order of these texts is that of the records. */
export const recordId = ({ pnId, deviceId, serviceId, keyId, direction }: RecordKey): string =>
  `${pnId} ${deviceId} ${serviceId} ${keyId} ${direction}`;
export const sessionId = ({ pnId, deviceId, keyId }: Pick<RecordKey, 'pnId' | 'deviceId' | 'keyId'>): string =>
  `${pnId} ${deviceId} ${keyId}`;

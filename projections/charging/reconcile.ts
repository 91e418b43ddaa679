import type { Total } from '../../machines/usage.ts';
import type { ChargingRecord } from './port.ts';

/**
 * After the end of a session its PN GW has so long to report. That is three times the longest interval that a PN GW may
 * sum over (5 minutes); it sends a report at least every 30 s until it is answered.
 */
export const SETTLE_MS = 900_000;

export interface Reconciled extends ChargingRecord {
  /** What the PN GW counted more than the server; negative where it counted less. */
  readonly difference: Total;
  /** `settled`: nothing is outstanding any more. A difference before that may be a report that is still on its way. */
  readonly standing: 'open' | 'closing' | 'settled';
}

/**
 * Sets the two counts against each other; changes neither.
 * @param now milliseconds since 1970 UTC, by the clock that the server's journal was written with
 */
export function reconcile(record: ChargingRecord, now: number): Reconciled {
  const { server, gateway } = record;
  const difference = { messages: gateway.messages - server.messages, bytes: gateway.bytes - server.bytes };
  return { ...record, difference, standing: standingOf(record, difference, now) };
}

export const isDifferent = ({ difference }: Pick<Reconciled, 'difference'>): boolean =>
  difference.messages !== 0 || difference.bytes !== 0;

function standingOf({ session, closedAt }: ChargingRecord, difference: Total, now: number): Reconciled['standing'] {
  if (session === 'unknown') return 'settled';
  if (closedAt === null) return 'open';
  const agree = difference.messages === 0 && difference.bytes === 0;
  return agree || now >= closedAt + SETTLE_MS ? 'settled' : 'closing';
}

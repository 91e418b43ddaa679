import { describe, expect, it } from 'vitest';
import type { ChargingRecord } from '../../projections/charging/port.ts';
import { isDifferent, reconcile, SETTLE_MS } from '../../projections/charging/reconcile.ts';

const NOW = 10_000_000;
const record = (change: Partial<ChargingRecord>): ChargingRecord => ({
  pnId: 'home',
  deviceId: 'lamp',
  cpnsId: null,
  serviceId: 'echo',
  keyId: 'key-1-----------------',
  direction: 'up',
  server: { messages: 5, bytes: 50 },
  gateway: { messages: 5, bytes: 50 },
  from: 0,
  to: 1,
  session: 'open',
  closedAt: null,
  ...change,
});
const more = { messages: 7, bytes: 49 };
const justClosed = { session: 'closed', closedAt: NOW - SETTLE_MS + 1 } as const;
const longClosed = { session: 'closed', closedAt: NOW - SETTLE_MS } as const;

describe('reconciliation', () => {
  it('says what the PN GW counted more or less, and changes neither count', () => {
    const found = reconcile(record({ gateway: more }), NOW);
    expect(found).toMatchObject({ difference: { messages: 2, bytes: -1 }, server: { messages: 5 }, gateway: more });
    expect(isDifferent(found)).toBe(true);
    expect(isDifferent(reconcile(record({}), NOW))).toBe(false);
  });

  it.each<readonly [string, Partial<ChargingRecord>, string]>([
    ['that stands is open, equal', {}, 'open'],
    ['that stands is open, different', { gateway: more }, 'open'],
    ['that just ended is settled when the counts agree', justClosed, 'settled'],
    ['that just ended may still be reported when they do not', { ...justClosed, gateway: more }, 'closing'],
    ['that ended long enough ago is settled, different', { ...longClosed, gateway: more }, 'settled'],
    ['that the server never agreed on is settled: nothing can come of it', { session: 'unknown' }, 'settled'],
  ])('a session %s', (_, change, standing) => {
    expect(reconcile(record(change), NOW).standing).toBe(standing);
  });
});

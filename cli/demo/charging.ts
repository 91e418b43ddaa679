import type { Wire } from '../../wire/port.ts';
import type { ChargingRow } from '../../messages/queries.ts';
import { isDifferent } from '../../projections/charging/reconcile.ts';
import { askCharging } from '../charging/ask.ts';
import { chargingText } from '../charging/text.ts';
import type { Host } from '../host.ts';
import { pause, type Running } from '../run.ts';

/** The PN GWs of the demo record each second what they relayed, so that nobody waits a minute for it. */
export const GATEWAY_FLAGS = ['--usage-interval-ms', '1000'] as const;

const AGREED_WITHIN_MS = 30_000;
const POLL_MS = 100;

/**
 * Prints what the server and the PN GWs counted, once they agree; or as it is after a while.
 * @returns how many records differ
 */
export async function showCharging(
  host: Host,
  { stopped }: Running,
  wire: Wire,
  out: (text: string, json: object) => void,
): Promise<number> {
  const until = host.clock.now() + AGREED_WITHIN_MS;
  let rows: readonly ChargingRow[] = [];
  for (;;) {
    rows = await charging(wire);
    const agreed = rows.length > 0 && rows.every(({ standing }) => standing === 'settled');
    if (agreed || stopped.aborted || host.clock.now() > until) break;
    await pause(host, POLL_MS, stopped);
  }
  out(`\nCharging records\n${chargingText(rows).trimEnd()}`, { kind: 'charging', records: rows });
  return rows.filter(isDifferent).length;
}

async function charging(wire: Wire): Promise<readonly ChargingRow[]> {
  const rows: ChargingRow[] = [];
  for await (const page of askCharging(wire, { pnId: null, deviceId: null })) rows.push(...page);
  return rows;
}

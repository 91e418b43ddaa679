import { counted } from '../counted.ts';
import type { ChargingRow } from '../../messages/queries.ts';
import { isDifferent } from '../../projections/charging/reconcile.ts';
import { table } from '../inventory/text.ts';

/** `12 msg, 345 B` */
const total = ({ messages, bytes }: ChargingRow['server']): string => `${messages} msg, ${bytes} B`;
const signed = (count: number): string => (count > 0 ? `+${count}` : `${count}`);

/** A difference that is settled is marked `!`; one that is not may still be reported. */
function differenceOf(row: ChargingRow): string {
  if (!isDifferent(row)) return '-';
  const { messages, bytes } = row.difference;
  return `${row.standing === 'settled' ? '! ' : ''}${signed(messages)} msg, ${signed(bytes)} B`;
}

const HEAD = ['', 'service', 'session', 'direction', 'server', 'gateway', 'difference', 'standing'];

/** Records as a table for each PNE, and what of them differs. */
export function chargingText(rows: readonly ChargingRow[]): string {
  if (rows.length === 0) return 'no usage\n';
  const pnes = Map.groupBy(rows, ({ pnId, deviceId }) => `PN ${pnId}, ${deviceId}`);
  const blocks = [...pnes].map(([pne, records]) => {
    const cpnsId = records.find((record) => record.cpnsId !== null)?.cpnsId ?? 'no CPNS ID';
    const lines = records.map((row) => {
      const { serviceId, keyId, direction, server, gateway, standing, session } = row;
      const state = session === 'unknown' ? 'unknown session' : standing;
      return ['', serviceId, keyId, direction, total(server), total(gateway), differenceOf(row), state];
    });
    return [`${pne}, ${cpnsId}`, ...table([HEAD, ...lines]), ''].join('\n');
  });
  return `${blocks.join('\n')}\n${summary(rows)}\n`;
}

function summary(rows: readonly ChargingRow[]): string {
  const settled = rows.filter((row) => row.standing === 'settled');
  const differ = settled.filter(isDifferent).length;
  return `${counted(rows.length, 'record')}, ${settled.length} settled, ${differ} of these with a difference`;
}

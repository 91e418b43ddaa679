import { counted } from '../counted.ts';
import type { InventoryAnswer, PersonalState } from '../../messages/queries.ts';
import type { PersonalOfDevices } from './personal.ts';

type Pn = InventoryAnswer['pns'][number];

/** Rows as lines, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

const NOT_READABLE = { none: '', erased: 'erased', sealed: 'sealed' } as const;

/** Name, MAC address and user as one text. */
function personalText(personal: PersonalState | undefined): string {
  if (personal === undefined) return '';
  if (personal.state !== 'known') return NOT_READABLE[personal.state];
  const { name, mac, user } = personal.fields;
  return [name, mac, user === null ? null : `used by ${user}`].filter((field) => field !== null).join(', ');
}

export function inventoryText(pns: readonly Pn[], personal: PersonalOfDevices): string {
  if (pns.length === 0) return 'no PN\n';
  return pns
    .map(({ pnId, revision, members }) => {
      const rows = members.map(({ deviceId, status, cpnsId, revision: last }) => {
        return ['', deviceId, status, cpnsId ?? '-', `revision ${last}`, personalText(personal.get(deviceId))];
      });
      return [`PN ${pnId}, revision ${revision}, ${counted(members.length, 'PNE')}`, ...table(rows), ''].join('\n');
    })
    .join('\n');
}

import type { InventoryAnswer } from '../../actors/wire/queries.ts';

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

export function inventoryText(pns: readonly Pn[]): string {
  if (pns.length === 0) return 'no PN\n';
  return pns
    .map(({ pnId, revision, members }) => {
      const rows = members.map((one) => ['', one.deviceId, one.status, one.cpnsId ?? '-', `revision ${one.revision}`]);
      return [`PN ${pnId}, revision ${revision}, ${members.length} PNEs`, ...table(rows), ''].join('\n');
    })
    .join('\n');
}

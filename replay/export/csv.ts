import type { Recorded } from '../trace/messages.ts';

/** RFC 4180: a header line, CRLF, quotes where they are needed. */
export const CSV_COLUMNS = [
  'journal',
  'position',
  'recordedAt',
  'role',
  'stream',
  'version',
  'type',
  'schemaVersion',
  'step',
  'correlationId',
  'messageId',
  'causationId',
  'chart',
  'chartHash',
  'data',
] as const;

export const CSV_HEADER = `${CSV_COLUMNS.join(',')}\r\n`;

/** One event a line, its data as JSON in the last field. */
export function csvLine({ journal, event }: Recorded): string {
  const { position, stream, version, type, schemaVersion, data, meta } = event;
  const fields: { readonly [column in (typeof CSV_COLUMNS)[number]]: string | number | null } = {
    journal,
    position,
    recordedAt: meta.recordedAt,
    role: meta.role,
    stream,
    version,
    type,
    schemaVersion,
    step: meta.crStep,
    correlationId: meta.correlationId,
    messageId: meta.messageId,
    causationId: meta.causationId,
    chart: meta.chart.id,
    chartHash: meta.chart.hash,
    data: JSON.stringify(data),
  };
  return `${CSV_COLUMNS.map((column) => quoted(fields[column])).join(',')}\r\n`;
}

/** A spreadsheet would run what begins like a formula: an apostrophe before it makes it a text. */
function quoted(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

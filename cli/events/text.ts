import type { Json, JsonObject, RecordedEvent } from '../../journal/port.ts';

/** Longest text of one field, and of all fields: the rest is in `--json`. */
const MAX_FIELD = 32;
const MAX_DATA = 120;

/** Aligns what it is given with what it was given before: columns only grow. */
export class EventTable {
  #widths: readonly number[] = [];

  /** One line an event: position, time, stream, version, type, step of the change request, data. */
  lines(events: readonly RecordedEvent[]): readonly string[] {
    const rows = events.map(cells);
    this.#widths = rows.reduce<readonly number[]>(
      (widths, row) => row.map((cell, column) => Math.max(cell.length, widths[column] ?? 0)),
      this.#widths,
    );
    return rows.map((row) => this.#line(row));
  }

  #line(row: readonly string[]): string {
    const padded = row.map((cell, column) => {
      const width = this.#widths[column] ?? 0;
      return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return padded.join('  ').trimEnd();
  }
}

/** Columns of numbers: position and version. */
const RIGHT: ReadonlySet<number> = new Set([0, 3]);

function cells(event: RecordedEvent): readonly string[] {
  return [
    String(event.position),
    event.meta.recordedAt,
    printable(event.stream),
    String(event.version),
    printable(event.type),
    printable(event.meta.crStep ?? '-'),
    shortData(event.data),
  ];
}

function shortData(data: JsonObject): string {
  const fields = Object.entries(data).map(([name, value]) => `${printable(name)}=${cut(short(value), MAX_FIELD)}`);
  return cut(fields.join(' '), MAX_DATA);
}

function short(value: Json): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return printable(value);
  return printable(JSON.stringify(value));
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}

/** What was sent by others must not steer a terminal: controls, line separators and changes of direction are escaped. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

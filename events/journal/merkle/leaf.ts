import type { RecordedEvent } from '../port.ts';
import { hashLeaf } from './hash.ts';

/** First line of every leaf: another encoding would be another line. */
const LEAF_FORMAT = 'cpns-event/1';

/** Lines before the data. */
const HEAD_LINES = 14;

/** What of an event is hashed, with its data as the JSON text that is stored. */
export type LeafEvent = Pick<RecordedEvent, 'position' | 'stream' | 'version' | 'type' | 'schemaVersion' | 'meta'>;

/**
 * The leaf of an event: UTF-8, one field a line, the same on every database. docs/journal.md has it line by line.
 * A text may hold no line break; null is an empty line, a text in its place follows `=`.
 * @param data the JSON text as stored: what `JSON.stringify` gives, no line break in it
 * @returns null when a field holds a line break: then two events could have one leaf
 */
export function leafText(
  { position, stream, version, type, schemaVersion, meta }: LeafEvent,
  data: string,
): string | null {
  const { messageId, correlationId, causationId, role, chart, crStep, recordedAt } = meta;
  const head = `${LEAF_FORMAT}
${position}
${stream}
${version}
${type}
${schemaVersion}
${messageId}
${correlationId}
${optional(causationId)}
${role}
${chart.id}
${chart.hash}
${optional(crStep)}
${recordedAt}
`;
  return linesOf(head) === HEAD_LINES && !data.includes('\n') ? head + data : null;
}

const optional = (text: string | null): string => (text === null ? '' : `=${text}`);

function linesOf(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** @throws RangeError for an event that has no leaf: the journal takes none such in */
export function leafHash(event: LeafEvent, data: string): Uint8Array {
  const text = leafText(event, data);
  if (text === null)
    throw new RangeError(`The event at position ${event.position} has a line break in one of its texts.`);
  return hashLeaf(text);
}

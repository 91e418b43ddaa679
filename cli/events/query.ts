import { DEFAULT_READ_LIMIT, type JournalReader, type RecordedEvent } from '../../journal/port.ts';

/** Which events are wanted. All that is given has to hold. */
export interface EventQuery {
  readonly stream?: string;
  readonly type?: string;
  readonly correlation?: string;
  /** Position after which to begin. */
  readonly after: number;
  /** Most events to give, counted after all other conditions. */
  readonly limit: number;
}

/**
 * Events that a query asks for, by pages in order of position. At the end of the journal it asks `waitForMore`, which
 * resolves to false when the end is the end.
 */
export async function* matchingEvents(
  reader: JournalReader,
  query: EventQuery,
  waitForMore: () => Promise<boolean>,
): AsyncGenerator<readonly RecordedEvent[]> {
  const source = sourceOf(reader, query);
  let cursor = source.start;
  let left = query.limit;
  while (left > 0) {
    const page = await source.read(cursor);
    const last = page.at(-1);
    if (last !== undefined) cursor = source.cursorOf(last);
    const found = page.filter((event) => matches(event, query)).slice(0, left);
    left -= found.length;
    if (found.length > 0) yield found;
    if (left > 0 && page.length < DEFAULT_READ_LIMIT && !(await waitForMore())) return;
  }
}

function matches(event: RecordedEvent, query: EventQuery): boolean {
  return (
    event.position > query.after &&
    (query.stream === undefined || event.stream === query.stream) &&
    (query.type === undefined || event.type === query.type) &&
    (query.correlation === undefined || event.meta.correlationId === query.correlation)
  );
}

interface Source {
  readonly start: number;
  read(cursor: number): Promise<readonly RecordedEvent[]>;
  cursorOf(event: RecordedEvent): number;
}

/** The narrowest index of the journal that holds all events asked for. */
function sourceOf(reader: JournalReader, { stream, correlation, after }: EventQuery): Source {
  const cursorOf = (event: RecordedEvent): number => event.position;
  if (correlation !== undefined)
    return { start: after, cursorOf, read: (cursor) => reader.readCorrelation(correlation, { after: cursor }) };
  if (stream !== undefined)
    return {
      start: 0,
      cursorOf: (event) => event.version,
      read: (cursor) => reader.readStream(stream, { after: cursor }),
    };
  return { start: after, cursorOf, read: (cursor) => reader.readAll({ after: cursor }) };
}

import type { JournalReader, RecordedEvent } from '../../journal/port.ts';
import type { NodeName } from '../simulation/world.ts';
import type { Evidence } from './invariants.ts';

/** How the checkers read what a run has left. */

export interface Placed {
  readonly node: NodeName;
  readonly event: RecordedEvent;
}

export function* placed({ timeline }: Evidence): Iterable<Placed> {
  for (const { node, events } of timeline) for (const event of events) yield { node, event };
}

export const text = (event: RecordedEvent, field: string): string | null => {
  const value = event.data[field];
  return typeof value === 'string' ? value : null;
};
export const where = ({ node, event }: Placed): string => `${node} ${event.position} ${event.stream} ${event.type}`;

export function readerOf(events: readonly RecordedEvent[]): JournalReader {
  const page = (found: readonly RecordedEvent[], limit = 1_000) => Promise.resolve(found.slice(0, limit));
  return {
    head: () => Promise.resolve(events.length),
    readAll: ({ after = 0, limit } = {}) => page(events.slice(after), limit),
    readStream: (stream, { after = 0, limit } = {}) =>
      page(
        events.filter((event) => event.stream === stream && event.version > after),
        limit,
      ),
    readCorrelation: (id, { after = 0, limit } = {}) =>
      page(
        events.filter((event) => event.meta.correlationId === id && event.position > after),
        limit,
      ),
  };
}

import type { JournalReader, RecordedEvent } from '../../journal/port.ts';

/** Events in memory, read as a journal. */
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

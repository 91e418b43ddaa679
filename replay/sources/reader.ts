import { JournalError, type JournalReader, type RecordedEvent, type StoredEvent } from '../../events/journal/port.ts';
import { bounded } from '../../events/journal/range.ts';
import { recordedOf, type JournalSource } from '../source.ts';

/** A source as whoever folds a journal reads it, e.g. a journal with its archives. @throws JournalError `corrupt` */
export function readerOf(source: JournalSource): JournalReader {
  const recorded = (events: readonly StoredEvent[]): readonly RecordedEvent[] => events.map(whole);
  return {
    head: async () => source.head.size,
    readAll: async (range) => recorded(await source.stored(bounded(range))),
    readStream: async (stream, range) => recorded(await source.storedStream(stream, bounded(range))),
    readCorrelation: async (id, range) => recorded(await source.storedCorrelation(id, bounded(range))),
  };
}

function whole(stored: StoredEvent): RecordedEvent {
  const event = recordedOf(stored);
  if (event !== null) return event;
  const message = `Event ${stored.position} of the journal: its data is no JSON object.`;
  throw new JournalError(
    'corrupt',
    message,
    'Verify the journal with its archives: cpns journal verify --archive FILE.',
  );
}

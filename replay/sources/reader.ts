import { archivedError } from '../../journal/archived.ts';
import {
  JournalError,
  type ArchiveReader,
  type Base,
  type JournalReader,
  type RecordedEvent,
  type StoredEvent,
} from '../../journal/port.ts';
import { bounded } from '../../journal/range.ts';
import { PAGE, recordedOf, type JournalSource } from '../source.ts';

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

/** What a source that goes on from an archive knows of it; of one whose archives are joined to it nothing is archived. */
export function archiveReaderOf(
  source: JournalSource,
): Pick<ArchiveReader, 'archived' | 'base' | 'bases'> & Pick<JournalReader, 'readStream'> {
  const { before } = source.head;
  const { readStream } = readerOf(source);
  return {
    archived: async () => (before.size === 0 ? null : { upTo: before.size, edge: before }),
    base: (stream) => source.base(stream),
    async bases({ after = '', limit = PAGE } = {}) {
      const bases: Base[] = [];
      let last = after;
      while (bases.length < limit) {
        const names = await source.streams({ after: last, limit: PAGE });
        for (const name of names) {
          last = name;
          const base = await source.base(name);
          if (base !== null) bases.push(base);
          if (bases.length === limit) break;
        }
        if (names.length < PAGE) break;
      }
      return bases;
    },
    async readStream(stream, range) {
      const base = before.size === 0 ? null : await source.base(stream);
      if (base !== null && (range?.after ?? 0) < base.version) throw archivedError(`Stream ${stream}`, base.position);
      return readStream(stream, range);
    },
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

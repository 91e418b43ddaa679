import { archivedError } from '../journal/archived.ts';
import type { ReadRange, RecordedEvent, StoredEvent } from '../journal/port.ts';
import { BEFORE_ALL, PAGE, recordedOf, type JournalSource } from './source.ts';
import type { JournalView } from './state.ts';
import type { NamedJournal } from './trace/trace.ts';

/**
 * What states are folded from besides events: nothing; the bases of what is archived, which a verdict speaks of; snapshots
 * too, which nothing signs and no verdict covers. Snapshots are for whoever asks for them, and says so.
 */
export type Fold = 'fromEvents' | 'fromBases' | 'fromSnapshots';

/**
 * A source whose events are taken as they are. Rows that are no events are left out: `verify` tells of them.
 * Of a stream whose first events are archived it gives no half.
 */
export function viewOf(source: JournalSource, fold: Fold = 'fromBases'): JournalView & NamedJournal['journal'] {
  const rangeOf = ({ after = BEFORE_ALL, limit = PAGE }: ReadRange = {}) => ({ after, limit });
  const missing = source.head.before.size;
  return {
    name: source.name,
    last: source.head.last,
    missing,
    eventFrom: async (position) => (await source.stored({ after: position - 1, limit: 1 })).map(recordedOf)[0] ?? null,
    streams: (range) => source.streams(range),
    async readStream(stream, range) {
      const { after, limit } = rangeOf(range);
      const events = eventsOf(await source.storedStream(stream, { after, limit }));
      if (missing === 0 || events[0]?.version === after + 1) return events;
      const base = await source.base(stream);
      if (base !== null && base.version > after) throw archivedError(`${source.name}, ${stream}`, base.position);
      return events;
    },
    base: async (stream) => (fold === 'fromEvents' ? null : source.base(stream)),
    snapshot: async (stream, { position = source.head.last } = {}) =>
      fold === 'fromSnapshots' ? source.snapshot(stream, position) : null,
    readCorrelation: async (id, range) => eventsOf(await source.storedCorrelation(id, rangeOf(range))),
  };
}

function eventsOf(rows: readonly StoredEvent[]): readonly RecordedEvent[] {
  return rows.flatMap((row) => recordedOf(row) ?? []);
}

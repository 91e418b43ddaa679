import type { ArchiveReader, JournalReader, SnapshotReader } from '../../journal/port.ts';
import type { JournalNote } from '../protocol/answers.ts';
import { JOURNAL_STREAMS } from '../../machines/streams.ts';

/** Streams that every journal has under the same name, and that keep all their events when it is compacted. */
export const OF_EACH_JOURNAL: ReadonlySet<string> = new Set(JOURNAL_STREAMS);

/** What the inspector reads of a journal; one that was compacted tells from where it goes on. */
export type ReadJournal = Pick<JournalReader, 'head' | 'readAll' | 'readStream'> &
  Partial<Pick<ArchiveReader, 'archived' | 'base' | 'bases'> & Pick<SnapshotReader, 'snapshot'>>;

/** A journal that the inspector shows. It is only ever read. */
export interface Source {
  /** Unique among the sources; `[a-z0-9_.-]{1,64}`. */
  readonly name: string;
  readonly kind: JournalNote['kind'];
  /** The journal, or null while it is not there yet. @throws JournalError */
  open(): Promise<ReadJournal | null>;
}

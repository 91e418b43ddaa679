import type { JournalReader } from '../journal/port.ts';
import { recordedNotes } from './checkpoints.ts';

/** A checkpoint that a journal holds, its signature not checked. */
export interface RecordedNote {
  /** Name of the log, as the note has it. */
  readonly origin: string;
  readonly size: number;
  readonly note: string;
  /** Where the journal holds it, and since when. */
  readonly position: number;
  readonly recordedAt: string;
}

/** The newest one, and where it covers no more than the first events: a journal may hold it further on. */
export async function latestNote(
  journal: JournalReader,
  upTo = Number.POSITIVE_INFINITY,
): Promise<RecordedNote | null> {
  let latest: RecordedNote | null = null;
  for await (const { signed, position, recordedAt } of recordedNotes(journal)) {
    if (signed === null) continue;
    if (signed.size > upTo) break;
    const [origin = ''] = signed.note.split('\n', 1);
    latest = { origin, ...signed, position, recordedAt };
  }
  return latest;
}

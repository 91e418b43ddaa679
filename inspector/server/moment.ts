import type { FoldSource } from '../../fold/source.ts';
import { JournalError } from '../../journal/port.ts';
import { momentOf, type Moment } from '../../replay/moment.ts';

/** An actor at a position, or why nobody can say how it was there. */
export type MomentIn = Moment & {
  /** Null unless what it would be folded from is in an archive. */
  readonly archived: string | null;
};

/** The fold of the replay tool. Where events that it would take are archived there is no state: half a stream is not folded. */
export async function momentIn(journal: FoldSource, stream: string, until: number): Promise<MomentIn> {
  try {
    return { ...(await momentOf(journal, stream, until)), archived: null };
  } catch (error) {
    if (!(error instanceof JournalError && error.fault === 'archived')) throw error;
    const nothing = {
      version: 0,
      position: 0,
      chart: null,
      state: null,
      lost: null,
      lastEvent: null,
      snapshotAt: null,
    };
    return { ...nothing, stream, archived: error.message };
  }
}

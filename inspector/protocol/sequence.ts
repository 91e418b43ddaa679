import { partyOfRole } from '../../events/parties.ts';
import type { Entry } from './answers.ts';

/** Messages between actors, as the events at their ends tell of them. Rows are events, in the order of the timeline. */
export interface SequencePage {
  /** Events that the filter lets through within the moment. */
  readonly total: number;
  /** Number of rows before the first one here. */
  readonly offset: number;
  readonly lifelines: readonly Lifeline[];
  readonly rows: readonly SequenceRow[];
}

export interface Lifeline {
  /** Key of an actor, or name of a journal where there are too many actors to stand side by side. */
  readonly key: string;
  readonly title: string;
  readonly role: string;
}

export interface SequenceRow {
  readonly entry: Entry;
  /** Index of its lifeline. */
  readonly lifeline: number;
  /** Messages that it sends, and those that it takes in from rows that are not on this page. */
  readonly arrows: readonly SequenceArrow[];
}

/**
 * `arrived`; `refused`: taken in and refused. `lost`: its receiver is at hand and has no event of it, or it was sent again
 * before it came. `unseen`: no journal of its receiver is at hand. `duplicate`: sent again though it had arrived.
 */
export type Fate = 'arrived' | 'refused' | 'lost' | 'unseen' | 'duplicate';

export interface SequenceArrow {
  readonly title: string;
  readonly fate: Fate;
  readonly source: number;
  /** Null where its receiver is none of the lifelines. */
  readonly target: number | null;
  readonly sentRow: number;
  /** Null where it did not arrive, or its receiver's event is filtered out. */
  readonly receivedRow: number | null;
  readonly latencyMs: number | null;
  /** `<journal>:<position>` of the event that took it in, or of the one that sent it where none did. */
  readonly event: string;
}

/** What a file says that does not have all events; null where it has. */
export function leftOut({ rows, total }: SequencePage): string | null {
  return rows.length >= total ? null : `The first ${rows.length} of ${total} events.`;
}

/** A role by its name in the change request, where it has one. */
export const nameOfRole = (role: string): string => partyOfRole(role) ?? role;

import type { Entry } from '../protocol/answers.ts';
import { countUpTo } from './sorted.ts';
import type { Timeline } from './timeline.ts';

/** Which events are wanted. All that is given has to hold. */
export interface EventFilter {
  /** Key of an actor. */
  readonly actor?: string;
  readonly journal?: string;
  readonly role?: string;
  readonly type?: string;
  readonly correlation?: string;
  readonly device?: string;
  readonly pn?: string;
  /** Refusals, failures and time-outs. */
  readonly failed?: true;
  /** Somewhere in the stream, the device, the type, an id, the step or the state; case does not matter. */
  readonly text?: string;
}

export function matches(entry: Entry, filter: EventFilter): boolean {
  const { actor, journal, role, type, correlation, device, pn, failed, text } = filter;
  return (
    (actor === undefined || entry.key === actor) &&
    (journal === undefined || entry.journal === journal) &&
    (role === undefined || entry.role === role) &&
    (type === undefined || entry.type === type) &&
    (correlation === undefined || entry.correlationId === correlation) &&
    (device === undefined || entry.about.devices.includes(device)) &&
    (pn === undefined || entry.about.pn === pn) &&
    (failed === undefined || entry.failed) &&
    (text === undefined || mentions(entry, text.toLowerCase()))
  );
}

function mentions(entry: Entry, text: string): boolean {
  const { stream, type, crStep, correlationId, messageId, role, about, standing } = entry;
  return [stream, type, ...about.devices, crStep ?? '', correlationId, messageId, role, standing.state].some((said) =>
    said.toLowerCase().includes(text),
  );
}

/** Filters that are remembered with what they let through: whoever scrolls asks the same one again. */
const REMEMBERED = 16;

/** The events that a filter lets through, kept up with a timeline that grows. */
export class Filtered {
  readonly #timeline: Timeline;
  readonly #known = new Map<string, { readonly seqs: number[]; looked: number }>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** `seq` of all that match, ascending, up to `until`. */
  seqs(filter: EventFilter, until: number): readonly number[] {
    const key = JSON.stringify(Object.entries(filter).toSorted());
    const found = this.#known.get(key) ?? { seqs: [], looked: 0 };
    this.#known.delete(key);
    this.#known.set(key, found);
    for (const old of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(old);
    }
    for (const entry of this.#timeline.entries(found.looked + 1))
      if (matches(entry, filter)) found.seqs.push(entry.seq);
    found.looked = this.#timeline.total;
    if (until >= this.#timeline.total) return found.seqs;
    return found.seqs.slice(0, countUpTo(found.seqs, until));
  }
}

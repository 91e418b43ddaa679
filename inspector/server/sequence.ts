import { idInStream } from '../../machines/streams.ts';
import { ROLE_NAMES, roleOfParty, type Party } from '../../events/parties.ts';
import type { Entry } from '../protocol/answers.ts';
import type { Fate, Lifeline, SequenceArrow, SequencePage, SequenceRow } from '../protocol/sequence.ts';
import type { Link, Messages } from './messages.ts';
import { countUpTo } from './sorted.ts';
import type { Timeline } from './timeline.ts';

/** More do not fit side by side: then all actors of a journal share a line. */
const MAX_LIFELINES = 12;

/** From the device to the operator. */
const ORDER: readonly string[] = ROLE_NAMES;

/**
 * A page of the sequence chart over the events of `seqs`.
 * @param seqs ascending: all rows of the chart
 */
export function sequencePage(
  timeline: Timeline,
  seqs: readonly number[],
  { offset, limit }: { readonly offset: number; readonly limit: number },
): SequencePage {
  const chart = new Chart(timeline, seqs);
  const rows = seqs.slice(offset, offset + limit).flatMap((seq, index): readonly SequenceRow[] => {
    const entry = timeline.entry(seq);
    return entry === null ? [] : [chart.row(entry, offset + index, offset)];
  });
  return { total: seqs.length, offset, lifelines: chart.lifelines, rows };
}

/** The first event of each journal, and of each actor up to one more than have lines of their own. Each page looks at all events. */
function firstsOf(timeline: Timeline, seqs: readonly number[]) {
  const actors = new Map<string, Entry>();
  const journals = new Map<string, Entry>();
  for (const seq of seqs) {
    const entry = timeline.entry(seq);
    if (entry === null) continue;
    if (!journals.has(entry.journal)) journals.set(entry.journal, entry);
    if (actors.size <= MAX_LIFELINES && !actors.has(entry.key)) actors.set(entry.key, entry);
  }
  return { actors, journals };
}

const nameOf = ({ journal, position }: Entry): string => `${journal}:${position}`;

class Chart {
  readonly lifelines: readonly Lifeline[];
  readonly #timeline: Timeline;
  readonly #messages: Messages;
  readonly #seqs: readonly number[];
  readonly #lines: ReadonlyMap<string, number>;
  readonly #by: 'actor' | 'journal';

  constructor(timeline: Timeline, seqs: readonly number[]) {
    this.#timeline = timeline;
    this.#messages = timeline.messages;
    this.#seqs = seqs;
    const { actors, journals } = firstsOf(timeline, seqs);
    this.#by = actors.size <= MAX_LIFELINES ? 'actor' : 'journal';
    const firsts = this.#by === 'actor' ? actors : journals;
    this.lifelines = [...firsts]
      .map(([key, { stream, journal, role }]) => ({ key, title: this.#by === 'actor' ? stream : journal, role }))
      .toSorted((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role) || (a.title < b.title ? -1 : 1));
    this.#lines = new Map(this.lifelines.map(({ key }, index) => [key, index]));
  }

  row(entry: Entry, row: number, firstRow: number): SequenceRow {
    const lifeline = this.#lineOf(entry) ?? 0;
    const sent = [...this.#sent(entry, row), ...this.#sentAgain(entry, row)];
    const before = this.#messages
      .receivedBy(entry.seq)
      .flatMap((link) => this.#received(link, entry, row))
      .filter(({ sentRow }) => sentRow < firstRow);
    return { entry, lifeline, arrows: [...sent, ...before] };
  }

  #sent(entry: Entry, row: number): readonly SequenceArrow[] {
    const links = this.#messages.sentBy(entry.seq);
    return this.#messages.sendings(entry.seq).map(({ title, target, message }) => {
      const link = links.find((each) => each.message === message);
      const common = { title, source: this.#lineOf(entry) ?? 0, sentRow: row, event: nameOf(entry) };
      const receiver = link === undefined ? null : this.#timeline.entry(link.received);
      if (link === undefined || receiver === null) {
        const fate: Fate = this.#messages.isAtHand(target) ? 'lost' : 'unseen';
        return { ...common, fate, target: this.#likely(entry, target), receivedRow: null, latencyMs: null };
      }
      // Sent again before it came: which copy it was nobody recorded; the last one is taken for it.
      if (this.#copies(entry, link).length > 0)
        return { ...common, fate: 'lost', target: this.#lineOf(receiver), receivedRow: null, latencyMs: null };
      return { ...common, ...this.#arrival(link, receiver) };
    });
  }

  /** The same requests once more, after their time was over. */
  #sentAgain(entry: Entry, row: number): readonly SequenceArrow[] {
    return entry.sends.flatMap(({ message, how }): readonly SequenceArrow[] => {
      if (how !== 'resend') return [];
      const first = this.#firstSending(entry, message);
      const [sending] = first === null ? [] : this.#messages.sendings(first.seq);
      if (first === null || sending === undefined) return [];
      const link = this.#messages.sentBy(first.seq).find((each) => each.message === sending.message);
      const receiver = link === undefined ? null : this.#timeline.entry(link.received);
      const source = this.#lineOf(entry) ?? 0;
      const common = { title: sending.title, source, sentRow: row, event: nameOf(entry) };
      const nowhere = { receivedRow: null, latencyMs: null };
      if (link === undefined || receiver === null) {
        const fate: Fate = this.#messages.isAtHand(sending.target) ? 'lost' : 'unseen';
        return [{ ...common, ...nowhere, fate, target: this.#likely(entry, sending.target) }];
      }
      const target = this.#lineOf(receiver);
      if (link.received < entry.seq) return [{ ...common, ...nowhere, fate: 'duplicate', target }];
      if (this.#copies(first, link).at(-1) !== entry.seq) return [{ ...common, ...nowhere, fate: 'lost', target }];
      const latencyMs = Date.parse(receiver.at) - Date.parse(entry.at);
      return [{ ...common, ...this.#arrival(link, receiver), latencyMs }];
    });
  }

  #received(link: Link, receiver: Entry, row: number): readonly SequenceArrow[] {
    const first = this.#timeline.entry(link.sent);
    if (first === null) return [];
    const sender = this.#timeline.entry(this.#copies(first, link).at(-1) ?? link.sent) ?? first;
    const sentRow = this.#rowOf(sender.seq);
    const source = this.#lineOf(sender);
    if (sentRow === null || source === null) return [];
    return [{ title: link.title, source, sentRow, ...this.#arrival(link, receiver), receivedRow: row }];
  }

  #arrival(
    link: Link,
    receiver: Entry,
  ): Pick<SequenceArrow, 'fate' | 'target' | 'receivedRow' | 'latencyMs' | 'event'> {
    return {
      fate: receiver.type === 'MessageRefused' ? 'refused' : 'arrived',
      target: this.#lineOf(receiver),
      receivedRow: this.#rowOf(receiver.seq),
      latencyMs: link.latencyMs,
      event: nameOf(receiver),
    };
  }

  /** `seq` of the events that sent the message again before it arrived. */
  #copies(first: Entry, link: Link): readonly number[] {
    const names = first.sends.flatMap(({ message, how }) => (how === 'send' ? [message] : []));
    if (names.length === 0) return [];
    return this.#timeline.eventsOf(first.key).filter((seq) => {
      if (seq <= first.seq || seq >= link.received) return false;
      const later = this.#timeline.entry(seq);
      return later?.sends.some(({ message, how }) => how === 'resend' && names.includes(message)) === true;
    });
  }

  #firstSending({ key, seq }: Entry, message: string): Entry | null {
    for (const earlier of this.#timeline
      .eventsOf(key)
      .filter((each) => each < seq)
      .toReversed()) {
      const entry = this.#timeline.entry(earlier);
      if (entry?.sends.some((each) => each.message === message && each.how === 'send') === true) return entry;
    }
    return null;
  }

  #lineOf({ key, journal }: Entry): number | null {
    return this.#lines.get(this.#by === 'actor' ? key : journal) ?? null;
  }

  /** The line that a message would have gone to: of that role, and of the same device where there are several. */
  #likely({ about }: Entry, target: Party): number | null {
    const lines = this.lifelines.flatMap(({ role, title }, index) =>
      role === roleOfParty(target) ? [{ title, index }] : [],
    );
    const same = lines.find(({ title }) => about.devices.some((device) => idInStream(title, 'deviceId') === device));
    return (same ?? lines[0])?.index ?? null;
  }

  #rowOf(seq: number): number | null {
    const row = countUpTo(this.#seqs, seq) - 1;
    return this.#seqs[row] === seq ? row : null;
  }
}

import type { RecordedEvent } from '../../events/journal/port.ts';
import type { StreamFold } from '../../replay/stream-fold.ts';
import {
  endsOf,
  MessagePairs,
  MESSAGES,
  PARTIES,
  partyOf,
  type Exchange,
  type Party,
} from '../../replay/trace/messages.ts';
import type { ActorRow, Entry, Moment } from '../protocol/answers.ts';
import { StandingFold } from './standing.ts';

/** Events that are kept in memory, about 1 KiB each; a journal that has more is for `cpns replay`. */
export const MAX_EVENTS = 1_000_000;

/** Of events that tell what did not go as wished; others say so by a code of 400 or above. */
const FAILED_TYPE = /Refused|Failed|TimedOut|Denied|Lost/;

/** A message that an event sends. */
export interface Sending {
  readonly title: string;
  readonly target: Party;
  /** Name of the message for both of its ends. */
  readonly message: string;
}

/** A message that both of its ends tell of, by the `seq` of their events. */
export interface Link {
  readonly title: string;
  readonly source: string;
  readonly target: string;
  /** Name of the message for both of its ends. */
  readonly message: string;
  readonly sent: number;
  readonly received: number;
  readonly latencyMs: number | null;
}

interface ActorLog {
  readonly key: string;
  readonly fold: StandingFold;
  /** `seq` of its events, ascending. */
  readonly seqs: number[];
  pn: string | null;
  device: string | null;
}

/**
 * All events of all journals in one order, each with what its actor was after it. The order is that of arrival; what is
 * there when the inspector starts is merged by the clock, each journal in its own order. Only ever appended to.
 */
export class Timeline {
  readonly #entries: Entry[] = [];
  readonly #actors = new Map<string, ActorLog>();
  readonly #positions = new Map<string, number[]>();
  readonly #correlations = new Map<string, number[]>();
  readonly #pairs = new MessagePairs(new Set(PARTIES));
  readonly #sent = new Map<number, Link[]>();
  readonly #received = new Map<number, Link[]>();
  readonly #sentMessages = new Set<string>();
  readonly #sendings = new Map<number, Sending[]>();
  readonly #parties = new Set<Party>();
  /** Texts that many events have in common, once each. */
  readonly #texts = new Map<string, string>();

  get total(): number {
    return this.#entries.length;
  }

  /** @returns the entry, or null when the inspector is full or has the event already */
  append(journal: string, event: RecordedEvent): Entry | null {
    const positions = this.#positionsOf(journal);
    const last = positions.at(-1);
    const lastPosition = last === undefined ? 0 : this.#at(last).position;
    if (event.position <= lastPosition || this.total >= MAX_EVENTS) return null;
    const key = this.#shared(`${journal}:${event.stream}`);
    const actor = this.#actor(key, event.stream);
    const { standing, sends } = actor.fold.take(event);
    const { data, meta } = event;
    const pn = this.#sharedOrNull(namedIn(data, 'pnId'));
    if (actor.device !== null) actor.pn = pn ?? actor.pn;
    const code = typeof data['code'] === 'number' ? data['code'] : null;
    const entry: Entry = {
      seq: this.total + 1,
      actor: key,
      journal: this.#shared(journal),
      position: event.position,
      stream: this.#shared(event.stream),
      version: event.version,
      type: this.#shared(event.type),
      at: this.#shared(meta.recordedAt),
      role: this.#shared(meta.role),
      chart: this.#shared(meta.chart.id),
      crStep: this.#sharedOrNull(meta.crStep),
      correlationId: this.#shared(meta.correlationId),
      messageId: this.#shared(meta.messageId),
      causationId: this.#sharedOrNull(meta.causationId),
      pn: actor.pn ?? pn,
      device: actor.device ?? this.#sharedOrNull(namedIn(data, 'deviceId')),
      code,
      failed: FAILED_TYPE.test(event.type) || (code !== null && code >= 400) || standing.verdict === 'deviates',
      standing: { ...standing, state: this.#shared(standing.state) },
      sends,
    };
    this.#entries.push(entry);
    positions.push(entry.seq);
    actor.seqs.push(entry.seq);
    const correlated = this.#correlations.get(entry.correlationId);
    if (correlated === undefined) this.#correlations.set(entry.correlationId, [entry.seq]);
    else correlated.push(entry.seq);
    this.#noteEnds(event, entry.seq);
    for (const exchange of this.#pairs.take({ journal, event })) this.#link(exchange);
    return entry;
  }

  /** Whether something of the actor is here. */
  knows(journal: string, stream: string): boolean {
    return this.#actors.has(`${journal}:${stream}`);
  }

  /** The actor goes on from this fold: the events before it are in an archive. */
  begin(journal: string, fold: StreamFold, stream: string): void {
    const key = this.#shared(`${journal}:${stream}`);
    this.#actors.set(key, { key, fold: new StandingFold(stream, fold), seqs: [], ...namedBy(stream) });
  }

  /** These are about to come: whose they are is at hand. */
  expect(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const party = partyOf(event);
      if (party !== null) this.#parties.add(party);
    }
  }

  /** Whether the event takes in a message whose sender is at hand, and has not been seen to send it. */
  awaits(event: RecordedEvent): boolean {
    return endsOf(event).some(
      ({ end, rule, index, id }) =>
        end === 'received' && this.#parties.has(rule.source) && !this.#sentMessages.has(`${index} ${id}`),
    );
  }

  /** Whether the event takes in a message at all: of what happened in the same millisecond, sending comes first. */
  takesIn(event: RecordedEvent): boolean {
    return endsOf(event).some(({ end }) => end === 'received');
  }

  /** @param from `seq` of the first one wanted */
  entries(from: number, to = this.total): readonly Entry[] {
    return this.#entries.slice(from - 1, to);
  }

  entry(seq: number): Entry | null {
    return this.#entries[seq - 1] ?? null;
  }

  find(journal: string, position: number): Entry | null {
    const seq = this.#lastSeq(journal, position);
    const entry = seq === 0 ? null : this.#at(seq);
    return entry?.position === position ? entry : null;
  }

  /** `seq` of the events of a correlation, ascending. */
  correlated(correlationId: string): readonly number[] {
    return this.#correlations.get(correlationId) ?? [];
  }

  /** Messages that the event is the first to send, whether or not they arrived. */
  sendings(seq: number): readonly Sending[] {
    return this.#sendings.get(seq) ?? [];
  }

  /** Whether a journal of this role is at hand. */
  isAtHand(party: Party): boolean {
    return this.#parties.has(party);
  }

  /** `seq` of the actor's events, ascending. */
  eventsOf(actor: string): readonly number[] {
    return this.#actors.get(actor)?.seqs ?? [];
  }

  linksFrom(seq: number): readonly Link[] {
    return this.#sent.get(seq) ?? [];
  }

  linksTo(seq: number): readonly Link[] {
    return this.#received.get(seq) ?? [];
  }

  get moment(): Moment {
    return this.momentAt(this.total);
  }

  /** What is known of each journal once the event of this `seq` is in. */
  momentAt(seq: number): Moment {
    const heads = [...this.#positions].map(([journal, seqs]) => {
      const last = lastUpTo(seqs, seq, (each) => each);
      return [journal, last === undefined ? 0 : this.#at(last).position] as const;
    });
    return Object.fromEntries(heads);
  }

  /** `seq` of the last event that is within the moment; 0 before the first. */
  seqOf(moment: Moment): number {
    return Math.max(0, ...Object.entries(moment).map(([journal, position]) => this.#lastSeq(journal, position)));
  }

  isWithin(seq: number, moment: Moment): boolean {
    const { journal, position } = this.#at(seq);
    return position <= (moment[journal] ?? 0);
  }

  /** Every actor that had begun, as it was in the moment. */
  actors(moment: Moment): readonly ActorRow[] {
    return [...this.#actors.keys()].flatMap((key) => this.actor(key, moment) ?? []);
  }

  /** Null where it had not begun. */
  actor(key: string, moment: Moment): ActorRow | null {
    const log = this.#actors.get(key);
    const first = log?.seqs[0];
    if (log === undefined || first === undefined) return null;
    const until = moment[this.#at(first).journal] ?? 0;
    const seq = lastUpTo(log.seqs, until, (each) => this.#at(each).position);
    if (seq === undefined) return null;
    const { journal, stream, chart, role, position, version, type, at, standing } = this.#at(seq);
    const { pn, device } = log;
    return { key, journal, stream, chart, role, pn, device, seq, position, version, type, at, standing };
  }

  #at(seq: number): Entry {
    const entry = this.#entries[seq - 1];
    if (entry === undefined) throw new RangeError(`The timeline has ${this.total} events, and no event ${seq}.`);
    return entry;
  }

  #lastSeq(journal: string, position: number): number {
    return lastUpTo(this.#positions.get(journal) ?? [], position, (seq) => this.#at(seq).position) ?? 0;
  }

  #positionsOf(journal: string): number[] {
    const known = this.#positions.get(journal);
    if (known !== undefined) return known;
    const fresh: number[] = [];
    this.#positions.set(journal, fresh);
    return fresh;
  }

  #actor(key: string, stream: string): ActorLog {
    const known = this.#actors.get(key);
    if (known !== undefined) return known;
    const log = { key, fold: new StandingFold(stream), seqs: [], ...namedBy(stream) };
    this.#actors.set(key, log);
    return log;
  }

  #link({ rule, id, sent, received, latencyMs }: Exchange): void {
    if (sent === null || received === null) return;
    const ends = [sent, received].map(({ journal, event }) => this.find(journal, event.position)?.seq);
    const [from, to] = ends;
    if (from === undefined || to === undefined) return;
    const { title, source, target } = rule;
    const message = `${MESSAGES.indexOf(rule)} ${id}`;
    const link = { title, source, target, message, sent: from, received: to, latencyMs };
    this.#sent.set(from, [...(this.#sent.get(from) ?? []), link]);
    this.#received.set(to, [...(this.#received.get(to) ?? []), link]);
  }

  #noteEnds(event: RecordedEvent, seq: number): void {
    for (const { end, rule, index, id } of endsOf(event)) {
      const message = `${index} ${id}`;
      // Sent once more it is the same message.
      if (end !== 'sent' || this.#sentMessages.has(message)) continue;
      this.#sentMessages.add(message);
      this.#sendings.set(seq, [
        ...(this.#sendings.get(seq) ?? []),
        { title: rule.title, target: rule.target, message },
      ]);
    }
  }

  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  #sharedOrNull(text: string | null): string | null {
    return text === null ? null : this.#shared(text);
  }
}

function namedIn(data: RecordedEvent['data'], field: string): string | null {
  const value = data[field];
  return typeof value === 'string' ? value : null;
}

/** The names in a stream's name; see the table of streams in the README. */
function namedBy(stream: string): { readonly pn: string | null; readonly device: string | null } {
  const [kind, first = null, second = null] = stream.split('/');
  if (kind === 'pne') return { pn: null, device: first };
  if (kind === 'pn') return { pn: first, device: null };
  if (kind === 'registration') return { pn: first, device: second };
  return { pn: null, device: second };
}

/** The last of ascending values that is not beyond the limit. */
function lastUpTo(values: readonly number[], limit: number, by: (value: number) => number): number | undefined {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = values[middle];
    if (value !== undefined && by(value) <= limit) low = middle + 1;
    else high = middle;
  }
  return values[low - 1];
}

import type { FoldedStream } from '../../fold/snapshot.ts';
import { StreamFold } from '../../fold/stream-fold.ts';
import type { Archived, RecordedEvent } from '../../journal/port.ts';
import type { ActorRow, Entry, Moment } from '../protocol/answers.ts';
import { isChartId, rowOf } from '../../machines/catalogue.ts';
import { aboutOf, ownedBy, textIn, type Owned } from './about.ts';
import { Messages } from './messages.ts';
import { lastUpTo } from './sorted.ts';
import { StandingFold } from './standing.ts';

/** Events that are kept in memory, about 1 KiB each; a journal that has more is for `cpns replay`. */
export const MAX_EVENTS = 1_000_000;

/** Of events that tell what did not go as wished; others say so by a code of 400 or above. */
const FAILED_TYPE = /Refused|Failed|TimedOut|Denied|Lost|Overdue/;

interface ActorLog {
  readonly fold: StandingFold;
  /** `seq` of its events, ascending. */
  readonly seqs: number[];
  /** As it was at the last of its events that are archived. */
  readonly base: ActorRow | null;
  owned: Owned;
}

interface JournalLog {
  /** `seq` of its events, ascending. */
  readonly seqs: number[];
  /** Position of the last event that is in an archive. */
  archived: number;
}

/**
 * All events of all journals in one order, each with what its actor was after it. The order is that of arrival; what is
 * there when the inspector starts is merged by the clock, each journal in its own order. Only ever appended to.
 */
export class Timeline {
  readonly messages = new Messages((journal, position) => this.find(journal, position)?.seq ?? null);
  readonly #entries: Entry[] = [];
  readonly #actors = new Map<string, ActorLog>();
  readonly #journals = new Map<string, JournalLog>();
  readonly #correlations = new Map<string, number[]>();
  readonly #types = new Set<string>();
  /** Texts that many events have in common, once each. */
  readonly #texts = new Map<string, string>();

  get total(): number {
    return this.#entries.length;
  }

  /** Types of the events that are here, sorted. */
  get types(): readonly string[] {
    return [...this.#types].toSorted();
  }

  /** The first events of the journal are in an archive. */
  archive(journal: string, { upTo }: Pick<Archived, 'upTo'>): void {
    this.#journalOf(journal).archived = upTo;
  }

  /** The actor goes on from this state: its events up to there are archived. */
  begin(journal: string, stream: string, archived: FoldedStream): void {
    const { chart, state, version, position } = archived;
    const key = `${journal}:${stream}`;
    const role = isChartId(chart.id) ? rowOf(chart.id).role : '';
    const own = ownedBy(stream);
    const owned = { ...own, pn: own.pn ?? (own.device === null ? null : textIn(state.context, 'pnId')) };
    const row = { key, journal, stream, chart: chart.id, role, ...owned, seq: 0, position, version, type: '', at: '' };
    const standing = new StandingFold(StreamFold.behind(archived));
    this.#actors.set(key, { fold: standing, seqs: [], base: { ...row, standing: standing.standing }, owned });
  }

  /** @returns the entry, or null when the inspector is full or has the event already */
  append(journal: string, event: RecordedEvent): Entry | null {
    const { position, stream, version, data, meta } = event;
    const log = this.#journalOf(journal);
    const last = log.seqs.at(-1);
    const lastPosition = last === undefined ? 0 : this.#at(last).position;
    if (position <= lastPosition || this.total >= MAX_EVENTS) return null;
    const key = this.#shared(`${journal}:${stream}`);
    const actor = this.#actorOf(key, stream);
    const { standing, sends } = actor.fold.take(event);
    const about = aboutOf(data, actor.owned);
    if (actor.owned.device !== null) actor.owned = { ...actor.owned, pn: this.#sharedOrNull(about.pn) };
    const code = typeof data['code'] === 'number' ? data['code'] : null;
    const entry: Entry = {
      seq: this.total + 1,
      key,
      journal: this.#shared(journal),
      position,
      stream: this.#shared(stream),
      version,
      type: this.#shared(event.type),
      at: this.#shared(meta.recordedAt),
      role: this.#shared(meta.role),
      chart: this.#shared(meta.chart.id),
      ...actor.owned,
      about: { pn: this.#sharedOrNull(about.pn), devices: about.devices.map((device) => this.#shared(device)) },
      crStep: this.#sharedOrNull(meta.crStep),
      correlationId: this.#shared(meta.correlationId),
      messageId: this.#shared(meta.messageId),
      causationId: this.#sharedOrNull(meta.causationId),
      code,
      failed: FAILED_TYPE.test(event.type) || (code !== null && code >= 400) || standing.verdict === 'deviates',
      standing: { ...standing, state: this.#shared(standing.state) },
      sends,
    };
    this.#entries.push(entry);
    log.seqs.push(entry.seq);
    actor.seqs.push(entry.seq);
    this.#types.add(entry.type);
    const correlated = this.#correlations.get(entry.correlationId);
    if (correlated === undefined) this.#correlations.set(entry.correlationId, [entry.seq]);
    else correlated.push(entry.seq);
    this.messages.take(journal, event, entry.seq);
    return entry;
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

  /** `seq` of the actor's events, ascending. */
  eventsOf(actor: string): readonly number[] {
    return this.#actors.get(actor)?.seqs ?? [];
  }

  get moment(): Moment {
    return this.momentAt(this.total);
  }

  /** What is known of each journal once the event of this `seq` is in. */
  momentAt(seq: number): Moment {
    const heads = [...this.#journals].map(([journal, { seqs, archived }]) => {
      const last = lastUpTo(seqs, seq);
      return [journal, last === undefined ? archived : this.#at(last).position] as const;
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

  /** Null where it had not begun, or was in the moment what only an archive tells. */
  actor(key: string, moment: Moment): ActorRow | null {
    const log = this.#actors.get(key);
    if (log === undefined) return null;
    const [first] = log.seqs;
    const { journal } = log.base ?? this.#at(first ?? 0);
    const until = moment[journal] ?? 0;
    const seq = lastUpTo(log.seqs, until, (each) => this.#at(each).position);
    if (seq !== undefined) return rowAt(this.#at(seq));
    return log.base !== null && log.base.position <= until ? log.base : null;
  }

  #at(seq: number): Entry {
    const entry = this.#entries[seq - 1];
    if (entry === undefined) throw new RangeError(`The timeline has ${this.total} events, and no event ${seq}.`);
    return entry;
  }

  #lastSeq(journal: string, position: number): number {
    const { seqs = [] } = this.#journals.get(journal) ?? {};
    return lastUpTo(seqs, position, (seq) => this.#at(seq).position) ?? 0;
  }

  #journalOf(name: string): JournalLog {
    const known = this.#journals.get(name);
    if (known !== undefined) return known;
    const fresh = { seqs: [], archived: 0 };
    this.#journals.set(name, fresh);
    return fresh;
  }

  #actorOf(key: string, stream: string): ActorLog {
    const known = this.#actors.get(key);
    if (known !== undefined) return known;
    const log = { fold: new StandingFold(new StreamFold()), seqs: [], base: null, owned: ownedBy(stream) };
    this.#actors.set(key, log);
    return log;
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

/** What a list of actors needs of an actor's last event. */
function rowAt(entry: Entry): ActorRow {
  const { key, journal, stream, chart, role, pn, device, seq, position, version, type, at, standing } = entry;
  return { key, journal, stream, chart, role, pn, device, seq, position, version, type, at, standing };
}

import type { RecordedEvent } from '../../journal/port.ts';
import { graphOf } from '../charts/graph.ts';
import { layOut } from '../charts/layout.ts';
import { chartToMermaid } from '../charts/mermaid.ts';
import type {
  ActorsAnswer,
  ChartAnswer,
  Entry,
  EventAnswer,
  EventsPage,
  Moment,
  Overview,
  StateAnswer,
  WhatIfAnswer,
} from '../protocol/answers.ts';
import type { SequencePage } from '../protocol/sequence.ts';
import { changesBetween } from './diff.ts';
import { jsonLines } from './export.ts';
import type { Feed } from './feed.ts';
import { toJson } from './json.ts';
import { momentIn, type MomentIn } from './moment.ts';
import { Filtered, type EventFilter } from './filter.ts';
import { sequencePage } from './sequence.ts';
import { countUpTo } from './sorted.ts';
import { describe, describeOrNull, stateAnswer, whyNot } from './state.ts';
import type { Timeline } from './timeline.ts';
import { tried } from './what-if.ts';
import { CHART_IDS, isChartId, vocabularyOf, CHARTS } from '../../machines/catalogue.ts';

/** Entries of one page of events. */
export const MAX_PAGE = 1_000;
/** Events of a step, causes and effects that are told with an event. */
const MAX_RELATED = 100;

/** Which of the matching events: from so many on, or the last ones. */
export interface Range {
  readonly offset: number | 'end';
  readonly limit: number;
}

/** What was asked for is not there, or makes no sense. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: 400 | 404;
  readonly remedy: string;
  constructor(status: 400 | 404, message: string, remedy: string) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}

const OTHER_JOURNAL = 'It may be of another journal: look at the overview.';

/** The answers to what the page asks. Reads journals and the timeline; changes nothing. */
export class Api {
  readonly #timeline: Timeline;
  readonly #feed: Feed;
  readonly #filtered: Filtered;
  readonly #instance: string;

  /** @param instance drawn anew at each start */
  constructor(timeline: Timeline, feed: Feed, instance: string) {
    this.#timeline = timeline;
    this.#feed = feed;
    this.#filtered = new Filtered(timeline);
    this.#instance = instance;
  }

  overview(): Overview {
    const { total, moment, types } = this.#timeline;
    const charts = CHART_IDS.map((id) => ({ id, hash: graphOf(CHARTS[id]).hash }));
    return { instance: this.#instance, journals: this.#feed.journals, total, moment, types, charts };
  }

  actors(at: Moment | null): ActorsAnswer {
    const moment = at ?? this.#timeline.moment;
    return { moment, seq: this.#timeline.seqOf(moment), actors: this.#timeline.actors(moment) };
  }

  /** The moment right after the event of this `seq`. */
  moment(seq: number): { readonly seq: number; readonly moment: Moment } {
    const within = Math.min(seq, this.#timeline.total);
    return { seq: within, moment: this.#timeline.momentAt(within) };
  }

  /** Where the moment is in the order of this instance. */
  momentOf(moment: Moment): { readonly seq: number; readonly moment: Moment } {
    return { seq: this.#timeline.seqOf(moment), moment };
  }

  events(filter: EventFilter, at: Moment | null, range: Range): EventsPage {
    const { seqs, offset, limit } = this.#found(filter, at, range);
    const entries = seqs.slice(offset, offset + limit).flatMap((seq) => this.#timeline.entry(seq) ?? []);
    return { total: seqs.length, offset, entries };
  }

  /** The same events as rows of a sequence chart. */
  sequence(filter: EventFilter, at: Moment | null, range: Range): SequencePage {
    const { seqs, offset, limit } = this.#found(filter, at, range);
    return sequencePage(this.#timeline, seqs, { offset, limit });
  }

  /** The events that the filter lets through as JSON lines, as their journals have them, one journal after the other. */
  exported(filter: EventFilter, at: Moment | null): AsyncGenerator<string> {
    const wanted = this.#matching(filter, at).flatMap((seq) => this.#timeline.entry(seq) ?? []);
    return jsonLines(wanted, (name) => this.#feed.journal(name));
  }

  /** Number of matching events before the one of this `seq`: where a list scrolls to. */
  place(filter: EventFilter, seq: number): { readonly offset: number } {
    const seqs = this.#filtered.seqs(filter, this.#timeline.total);
    return { offset: countUpTo(seqs, seq - 1) };
  }

  async chart(id: string): Promise<ChartAnswer> {
    if (!isChartId(id)) throw new ApiError(404, `There is no chart '${id}'`, 'The overview lists the charts.');
    const graph = graphOf(CHARTS[id]);
    return { graph, geometry: await layOut(graph), mermaid: chartToMermaid(graph) };
  }

  async state(actor: string, at: Moment | null): Promise<StateAnswer> {
    const { row, moment } = await this.#actor(actor, at);
    return stateAnswer(actor, row, moment);
  }

  /** What the event would do to a copy of the state. */
  async whatIf(actor: string, at: Moment | null, event: unknown): Promise<WhatIfAnswer> {
    const { row, moment } = await this.#actor(actor, at);
    const { chart, state } = moment;
    if (chart !== null && state !== null && isChartId(chart.id)) return tried(chart, chart.id, state, row, event);
    const says = whyNot(moment) ?? `${actor} has no state at this moment`;
    throw new ApiError(400, says, 'Choose another moment or another actor.');
  }

  async event(journal: string, position: number): Promise<EventAnswer> {
    const entry = this.#timeline.find(journal, position);
    const recorded = entry === null ? undefined : await this.#recorded(entry);
    if (entry === null || recorded === undefined)
      throw new ApiError(404, `Journal ${journal} has no event at position ${position}`, OTHER_JOURNAL);
    const [before, after] = await Promise.all([
      this.#moment(entry.journal, entry.stream, position - 1),
      this.#moment(entry.journal, entry.stream, position),
    ]);
    // Before its first event an actor is as its chart begins.
    const begins =
      before.version === 0 && before.archived === null && after.chart !== null ? describe(after.chart.initial()) : null;
    const [was, is] = [begins ?? describeOrNull(before), describeOrNull(after)];
    const correlated = this.#timeline.correlated(entry.correlationId);
    const entriesOf = (seqs: readonly number[]): readonly Entry[] =>
      seqs.slice(0, MAX_RELATED).flatMap((seq) => this.#timeline.entry(seq) ?? []);
    const { messages } = this.#timeline;
    const here = countUpTo(correlated, entry.seq);
    const near = correlated.slice(Math.max(0, here - MAX_RELATED), here + MAX_RELATED);
    const step = near
      .flatMap((seq) => this.#timeline.entry(seq) ?? [])
      .filter(
        ({ journal: other, messageId, at }) => other === journal && messageId === entry.messageId && at === entry.at,
      );
    return {
      entry,
      recorded: toJson(recorded),
      description: descriptionOf(entry),
      before: was,
      after: is,
      changes: changesBetween(was, is),
      says: whyNot(after),
      step,
      // All events of a step come of the message that one of them took in.
      causes: entriesOf(step.flatMap(({ seq }) => messages.receivedBy(seq).map(({ sent }) => sent))),
      effects: entriesOf(messages.sentBy(entry.seq).map(({ received }) => received)),
      correlated: correlated.length,
    };
  }

  /** The filter is applied before any limit. */
  #found(filter: EventFilter, at: Moment | null, range: Range) {
    const seqs = this.#matching(filter, at);
    const limit = Math.min(range.limit, MAX_PAGE);
    const offset = range.offset === 'end' ? Math.max(0, seqs.length - limit) : range.offset;
    return { seqs, offset, limit };
  }

  #matching(filter: EventFilter, at: Moment | null): readonly number[] {
    if (at === null) return this.#filtered.seqs(filter, this.#timeline.total);
    return this.#filtered.seqs(filter, this.#timeline.seqOf(at)).filter((seq) => this.#timeline.isWithin(seq, at));
  }

  async #recorded({ journal, stream, version }: Entry): Promise<RecordedEvent | undefined> {
    const [event] = (await this.#feed.journal(journal)?.readStream(stream, { after: version - 1, limit: 1 })) ?? [];
    return event;
  }

  async #actor(actor: string, at: Moment | null) {
    const [journal = '', stream = ''] = splitKey(actor);
    const within = at ?? this.#timeline.moment;
    const moment = await this.#moment(journal, stream, within[journal] ?? 0);
    return { row: this.#timeline.actor(actor, within), moment };
  }

  /** The fold of the replay tool over the journal itself, never what the timeline remembers. */
  #moment(journal: string, stream: string, until: number): Promise<MomentIn> {
    const reader = this.#feed.journal(journal);
    if (reader === null) throw new ApiError(404, `There is no journal '${journal}'`, OTHER_JOURNAL);
    return momentIn(reader, stream, until);
  }
}

function splitKey(actor: string): readonly string[] {
  const colon = actor.indexOf(':');
  return colon === -1 ? [] : [actor.slice(0, colon), actor.slice(colon + 1)];
}

function descriptionOf({ chart, type }: Entry): string | null {
  if (!isChartId(chart)) return null;
  const vocabulary = vocabularyOf(chart);
  return Object.hasOwn(vocabulary, type) ? (vocabulary[type]?.description ?? null) : null;
}

import { isChartId, vocabularyOf } from '../../events/charts.ts';
import { checkFact, UnreadableEvent, type Fact } from '../../events/decode.ts';
import type { RecordedEvent } from '../../events/journal/port.ts';
import { CHARTS } from '../../machines/all.ts';
import type { Chart, ChartState } from '../../machines/chart.ts';
import { activeStates, firing, graphOf } from '../charts/graph.ts';
import { layOut } from '../charts/layout.ts';
import { chartToMermaid } from '../charts/mermaid.ts';
import type {
  ActorsAnswer,
  ChartAnswer,
  DiffAnswer,
  Entry,
  EventAnswer,
  EventsPage,
  Json,
  Moment,
  Overview,
  StateAnswer,
  WhatIfAnswer,
} from '../protocol/answers.ts';
import type { SequencePage } from '../protocol/sequence.ts';
import { changesBetween } from './diff.ts';
import { exampleOf, toJson } from './example.ts';
import type { Feed } from './feed.ts';
import { momentIn, type MomentIn } from './moment.ts';
import { Filtered, type EventFilter } from './filter.ts';
import { sequencePage } from './sequence.ts';
import { stateText } from './standing.ts';
import type { Timeline } from './timeline.ts';

/** Entries of one page of events. */
export const MAX_PAGE = 1_000;
/** Events that an export reads at once. */
const EXPORT_PAGE = 1_000;
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
    const { total, moment } = this.#timeline;
    const charts = Object.keys(CHARTS)
      .filter(isChartId)
      .map((id) => ({ id, hash: graphOf(CHARTS[id]).hash }));
    return { instance: this.#instance, journals: this.#feed.journals, total, moment, charts };
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
  async *exported(filter: EventFilter, at: Moment | null): AsyncGenerator<string> {
    const wanted = this.#matching(filter, at).flatMap((seq) => this.#timeline.entry(seq) ?? []);
    for (const [name, entries] of Map.groupBy(wanted, ({ journal }) => journal)) {
      const journal = this.#feed.journal(name);
      let next = 0;
      while (journal !== null && next < entries.length) {
        const page = await journal.readAll({ after: (entries[next]?.position ?? 1) - 1, limit: EXPORT_PAGE });
        if (page.length === 0) break;
        for (const event of page) {
          if (event.position !== entries[next]?.position) continue;
          next += 1;
          yield `${JSON.stringify({ journal: name, ...event })}\n`;
        }
      }
    }
  }

  /** Number of matching events before the one of this `seq`: where a list scrolls to. */
  place(filter: EventFilter, seq: number): { readonly offset: number } {
    const seqs = this.#filtered.seqs(filter, this.#timeline.total);
    const offset = seqs.findIndex((each) => each >= seq);
    return { offset: offset === -1 ? seqs.length : offset };
  }

  async chart(id: string): Promise<ChartAnswer> {
    if (!isChartId(id)) throw new ApiError(404, `There is no chart '${id}'`, 'The overview lists the charts.');
    const graph = graphOf(CHARTS[id]);
    return { graph, geometry: await layOut(graph), mermaid: chartToMermaid(graph) };
  }

  async state(actor: string, at: Moment | null): Promise<StateAnswer> {
    const { row, moment, says } = await this.#actor(actor, at);
    const { chart, state, version, position } = moment;
    const known = chart !== null && state !== null;
    return {
      actor,
      chart: row?.chart ?? '',
      version,
      position,
      state: known ? describe(state) : null,
      says,
      standing: row?.standing ?? null,
      transitions: known ? transitionsFrom(chart, state) : [],
      possible: known ? possibleIn(chart, state) : [],
    };
  }

  /** What the event would do to a copy of the state. */
  async whatIf(actor: string, at: Moment | null, event: unknown): Promise<WhatIfAnswer> {
    const { row, moment, says } = await this.#actor(actor, at);
    const { chart, state } = moment;
    if (chart === null || state === null || !isChartId(chart.id))
      throw new ApiError(
        400,
        says ?? `${actor} has no state at this moment`,
        'Choose another moment or another actor.',
      );
    const before = describe(state);
    const nothing = { standing: null, before, after: before, changes: [], effects: [] };
    const fact = readFact(event);
    if (fact === null)
      return { ...nothing, outcome: 'invalid', says: 'An event is { "type": text, "data": { ... } }.' };
    try {
      checkFact(chart.id, fact);
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      return { ...nothing, outcome: 'invalid', says: error.message };
    }
    if (!chart.can(state, fact)) {
      const code = chart.refusal(state);
      return {
        ...nothing,
        outcome: 'refused',
        says: `${stateText(state.value)} has no transition for ${fact.type} whose guard holds; a message is refused with ${code}.`,
      };
    }
    const fired = firing(chart, state, fact);
    const step = chart.transition(state, fact);
    const after = describe(step.state);
    const { timers = [], outbox = [], refusals = 0 } = row?.standing ?? {};
    return {
      outcome: 'taken',
      says: `${stateText(state.value)} \u2192 ${stateText(step.state.value)}`,
      standing: { verdict: 'known', state: stateText(step.state.value), fired, timers, outbox, refusals },
      before,
      after,
      changes: changesBetween(before, after),
      effects: step.effects.map(toJson),
    };
  }

  /** How an actor differs between two moments. */
  async diff(actor: string, from: Moment, to: Moment): Promise<DiffAnswer> {
    const [before, after] = await Promise.all([this.#actor(actor, from), this.#actor(actor, to)]);
    return { changes: changesBetween(describeOrNull(before.moment), describeOrNull(after.moment)) };
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
    return {
      entry,
      recorded: toJson(recorded),
      states: statesOf(entry),
      before: was,
      after: is,
      changes: changesBetween(was, is),
      says: whyNot(after),
      step: entriesOf(correlated).filter(
        ({ journal: other, messageId, at }) =>
          other === entry.journal && messageId === entry.messageId && at === entry.at,
      ),
      causes: entriesOf(this.#timeline.linksTo(entry.seq).map(({ sent }) => sent)),
      effects: entriesOf(this.#timeline.linksFrom(entry.seq).map(({ received }) => received)),
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
    return { row: this.#timeline.actor(actor, within), moment, says: whyNot(moment) };
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

const describe = ({ value, context }: ChartState<unknown>): { readonly value: Json; readonly context: Json } => ({
  value: toJson(value),
  context: toJson(context),
});
const describeOrNull = ({ state }: MomentIn): Json => (state === null ? null : describe(state));

function whyNot({ state, lost, version, stream, archived }: MomentIn): string | null {
  if (state !== null) return null;
  if (archived !== null) return `${archived} cpns replay state --archive FILE shows it.`;
  if (version === 0) return `${stream} has no event yet.`;
  if (lost === null) return `${stream} cannot be judged.`;
  if ('says' in lost) return `Event ${lost.version} of ${stream}, ${lost.type}: ${lost.says}`;
  return `${stream} was recorded under a chart ${lost.id} (${lost.hash.slice(0, 12)}) that this program does not have.`;
}

function statesOf({ chart, type }: Entry): string | null {
  if (!isChartId(chart)) return null;
  const vocabulary = vocabularyOf(chart);
  return Object.hasOwn(vocabulary, type) ? (vocabulary[type]?.states ?? null) : null;
}

function transitionsFrom(chart: Chart, state: ChartState<unknown>): readonly string[] {
  const active = new Set(['', ...activeStates(state.value)]);
  return graphOf(chart)
    .transitions.filter(({ source }) => active.has(source))
    .map(({ id }) => id);
}

function possibleIn(chart: Chart, state: ChartState<unknown>): StateAnswer['possible'] {
  if (!isChartId(chart.id)) return [];
  const vocabulary = vocabularyOf(chart.id);
  const known = toJson(state.context);
  return chart.next(state).flatMap((type) => {
    const definition = Object.hasOwn(vocabulary, type) ? vocabulary[type] : undefined;
    return definition === undefined
      ? []
      : [{ type, states: definition.states, example: exampleOf(definition.data, known) }];
  });
}

function readFact(event: unknown): Fact | null {
  if (typeof event !== 'object' || event === null || !('type' in event) || typeof event.type !== 'string') return null;
  const data = toJson('data' in event ? event.data : {});
  return isJsonObject(data) ? { type: event.type, data } : null;
}

const isJsonObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

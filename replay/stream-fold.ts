import type { RecordedEvent } from '../journal/port.ts';
import { chartName } from '../fold/chart-hash.ts';
import { ChartError, type Chart } from '../machines/chart.ts';
import type { Effect } from '../machines/effect.ts';
import { isChartId, type ChartId, CHARTS } from '../machines/catalogue.ts';
import { readFact, UnreadableEvent, type Fact } from '../fold/decode.ts';
import type { ChartState } from '../machines/state.ts';

/** What a stream's event did that its chart does not foresee. */
export interface Deviation {
  /**
   * `impossible`: the state cannot take the event. `unreadable`: type, version or data is not of the vocabulary.
   * `otherChart`: the stream began with another chart. `gap`: the version is not the next one.
   */
  readonly kind: 'impossible' | 'unreadable' | 'otherChart' | 'gap';
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  /** State value before the event; null where the chart is not known. */
  readonly state: ChartState<unknown>['value'] | null;
  /** Types of the events that the state names transitions for. */
  readonly possible: readonly string[];
  readonly says: string;
}

/** An event that was taken under a chart which this program does not have: its fold is not judged. */
export interface UnknownChart {
  readonly id: string;
  readonly hash: string;
}

export type Taken =
  | { readonly kind: 'taken'; readonly effects: readonly Effect[] }
  | { readonly kind: 'deviates'; readonly deviation: Deviation }
  /** After a deviation, or under a chart that is not known, there is no state to judge by. */
  | { readonly kind: 'unjudged'; readonly because: 'deviation' | UnknownChart };

export type Charts = { readonly [Id in ChartId]: Chart };

/** Whether this program has the chart of that hash. */
export function isKnownChart(id: string, hash: string, charts: Charts = CHARTS): id is ChartId {
  return isChartId(id) && chartName(charts[id]).hash === hash;
}

/**
 * By which chart an event is judged. `asRecorded`: the one whose hash it names; another one is never put in its place.
 * `asToday`: the one that this program has under that name, as its roles fold.
 */
export type Law = 'asRecorded' | 'asToday';

/** One actor, folded event by event as an auditor does: what cannot be is told, not thrown. */
export class StreamFold {
  readonly #charts: Charts;
  readonly #stream: string;
  readonly #law: Law;
  #chart: Chart | null = null;
  #state: ChartState<unknown> | null = null;
  #version = 0;
  #lost: 'deviation' | UnknownChart | null = null;

  constructor(stream: string, charts: Charts = CHARTS, law: Law = 'asRecorded') {
    this.#stream = stream;
    this.#charts = charts;
    this.#law = law;
  }

  /** A fold that goes on behind an event, in the state that this event left. */
  static behind(
    stream: string,
    version: number,
    chart: Chart,
    state: ChartState<unknown>,
    charts: Charts,
    law: Law = 'asRecorded',
  ): StreamFold {
    const fold = new StreamFold(stream, charts, law);
    fold.#version = version;
    fold.#chart = chart;
    fold.#state = state;
    return fold;
  }

  /** A stream whose first events are not here: what follows is not judged. */
  static amid(stream: string, version: number, charts: Charts): StreamFold {
    const fold = new StreamFold(stream, charts);
    fold.#version = version - 1;
    fold.#lost = 'deviation';
    return fold;
  }

  /** Null before the first event, and where there is none to judge by. */
  get state(): ChartState<unknown> | null {
    return this.#lost === null ? this.#state : null;
  }

  get chart(): Chart | null {
    return this.#chart;
  }

  get version(): number {
    return this.#version;
  }

  /** Where its events are not judged any more, why. */
  get lost(): 'deviation' | UnknownChart | null {
    return this.#lost;
  }

  /** The fold as a text: from it and the events that follow comes the same as from all events. */
  keep(): string {
    const state = this.#state === null ? null : { value: this.#state.value, context: this.#state.context };
    return JSON.stringify([this.#stream, this.#version, this.#chart?.id ?? null, state, this.#lost]);
  }

  /** @param text of `keep`, by this program */
  static restore(text: string, charts: Charts = CHARTS, law: Law = 'asRecorded'): StreamFold {
    const [stream, version, chart, state, lost]: [
      string,
      number,
      ChartId | null,
      { readonly value: ChartState<unknown>['value']; readonly context: unknown } | null,
      'deviation' | UnknownChart | null,
    ] = JSON.parse(text);
    const fold = new StreamFold(stream, charts, law);
    fold.#version = version;
    fold.#chart = chart === null ? null : charts[chart];
    fold.#state = fold.#chart === null || state === null ? null : fold.#chart.restore(state);
    fold.#lost = lost;
    return fold;
  }

  take(event: RecordedEvent): Taken {
    const expected = this.#version + 1;
    this.#version = event.version;
    if (this.#lost !== null) return { kind: 'unjudged', because: this.#lost };
    if (event.version !== expected) {
      return this.#deviate('gap', event, `has version ${event.version}, and ${expected} was to come`);
    }
    const { id, hash } = event.meta.chart;
    if (!isChartId(id) || (this.#law === 'asRecorded' && !isKnownChart(id, hash, this.#charts))) {
      this.#lost = { id, hash };
      return { kind: 'unjudged', because: this.#lost };
    }
    const chart = this.#charts[id];
    if (this.#chart !== null && this.#chart.id !== id) {
      return this.#deviate('otherChart', event, `is of chart ${id}, the stream is of ${this.#chart.id}`);
    }
    this.#chart = chart;
    return this.#fold(chart, event);
  }

  #fold(chart: Chart, event: RecordedEvent): Taken {
    let fact: Fact;
    try {
      fact = readFact(event);
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      return this.#deviate('unreadable', event, error.message);
    }
    try {
      const { state, effects } = chart.transition(this.#state ?? chart.initial(), fact);
      this.#state = state;
      return { kind: 'taken', effects };
    } catch (error) {
      if (!(error instanceof ChartError)) throw error;
      return this.#deviate('impossible', event, error.message);
    }
  }

  #deviate(kind: Deviation['kind'], { position, version, type }: RecordedEvent, says: string): Taken {
    const state = this.#state ?? this.#chart?.initial() ?? null;
    const possible = state === null ? [] : (this.#chart?.next(state) ?? []);
    this.#lost = 'deviation';
    const where = { position, stream: this.#stream, version, type };
    return { kind: 'deviates', deviation: { kind, ...where, state: state?.value ?? null, possible, says } };
  }
}

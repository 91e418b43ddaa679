import type { RecordedEvent } from '../journal/port.ts';
import { CHARTS } from '../machines/catalogue.ts';
import type { Chart } from '../machines/chart.ts';
import type { Effect } from '../machines/effect.ts';
import { applyEvent, isFault, type Fault } from './apply.ts';
import { chartById, type Charts, type Law } from './law.ts';
import type { FoldedStream } from './snapshot.ts';
import type { ChartState } from '../machines/state.ts';

/** What a stream's event did that its chart does not foresee. */
export interface Deviation {
  readonly kind: Exclude<Fault['kind'], 'unknownChart'>;
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

type Kept = readonly [
  version: number,
  position: number,
  chart: string | null,
  state: { readonly value: ChartState<unknown>['value']; readonly context: unknown } | null,
  lost: 'deviation' | UnknownChart | null,
];

/** One actor, folded event by event as an auditor does: a fault is told, not thrown, and ends the judgement. */
export class StreamFold {
  readonly #charts: Charts;
  readonly #law: Law;
  #chart: Chart | null = null;
  #state: ChartState<unknown> | null = null;
  #version = 0;
  #position = 0;
  #lost: 'deviation' | UnknownChart | null = null;

  constructor(charts: Charts = CHARTS, law: Law = 'asRecorded') {
    this.#charts = charts;
    this.#law = law;
  }

  /** A fold that goes on behind the last event of what was restored. */
  static behind(restored: FoldedStream, charts: Charts = CHARTS, law: Law = 'asRecorded'): StreamFold {
    const fold = new StreamFold(charts, law);
    fold.#version = restored.version;
    fold.#position = restored.position;
    fold.#chart = restored.chart;
    fold.#state = restored.state;
    return fold;
  }

  /** A stream whose first events are not here: what follows is not judged. */
  static amid(version: number, charts: Charts): StreamFold {
    const fold = new StreamFold(charts);
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

  /** Of the last event; 0 before the first. */
  get position(): number {
    return this.#position;
  }

  /** Where its events are not judged any more, why. */
  get lost(): 'deviation' | UnknownChart | null {
    return this.#lost;
  }

  /** The fold as a text: from it and the events that follow comes the same as from all events. */
  keep(): string {
    const state = this.#state === null ? null : { value: this.#state.value, context: this.#state.context };
    const kept: Kept = [this.#version, this.#position, this.#chart?.id ?? null, state, this.#lost];
    return JSON.stringify(kept);
  }

  /** @param text of `keep`, by this program */
  static restore(text: string, charts: Charts = CHARTS, law: Law = 'asRecorded'): StreamFold {
    const [version, position, chart, state, lost]: Kept = JSON.parse(text);
    const fold = new StreamFold(charts, law);
    fold.#version = version;
    fold.#position = position;
    fold.#chart = chart === null ? null : chartById(chart, charts);
    fold.#state = fold.#chart === null || state === null ? null : fold.#chart.restore(state);
    fold.#lost = lost;
    return fold;
  }

  take(event: RecordedEvent): Taken {
    const applied = this.#lost === null ? applyEvent(this, event, this.#law, this.#charts) : null;
    this.#version = event.version;
    this.#position = event.position;
    if (applied === null) return { kind: 'unjudged', because: this.#lost ?? 'deviation' };
    if (isFault(applied)) return this.#fault(event, applied);
    this.#chart ??= chartById(event.meta.chart.id, this.#charts);
    this.#state = applied.state;
    return { kind: 'taken', effects: applied.effects };
  }

  #fault({ position, stream, version, type, meta }: RecordedEvent, { kind, message }: Fault): Taken {
    const { id, hash } = meta.chart;
    if (kind === 'unknownChart') {
      const because = { id, hash };
      this.#lost = because;
      return { kind: 'unjudged', because };
    }
    this.#lost = 'deviation';
    if (kind !== 'gap') this.#chart ??= chartById(id, this.#charts);
    const state = this.#state ?? this.#chart?.initial() ?? null;
    const possible = state === null ? [] : (this.#chart?.next(state) ?? []);
    const where = { position, stream, version, type };
    return {
      kind: 'deviates',
      deviation: { kind, ...where, state: state?.value ?? null, possible, says: message },
    };
  }
}

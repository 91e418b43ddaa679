import { chartById, isKnownChart, type Charts } from '../fold/law.ts';
import type { Deviation } from '../fold/stream-fold.ts';
import type { BaseChart, RecordedChart, StoredEvent } from '../journal/port.ts';
import { CHARTS } from '../machines/catalogue.ts';
import { Folds } from './folds.ts';
import type { Scratch } from './scratch/scratch.ts';
import { recordedOf, type Pass } from './source.ts';

/**
 * What became of a chart that events were recorded under. `same`: this program has it. `changed`: it has another
 * definition under that name. `unknown`: it has none.
 */
export interface ChartFate {
  readonly chart: RecordedChart;
  readonly fate: 'same' | 'changed' | 'unknown';
}

export function fatesOf(recorded: readonly RecordedChart[], charts: Charts = CHARTS): readonly ChartFate[] {
  return recorded.map((chart) => ({ chart, fate: fateOf(chart, charts) }));
}

function fateOf(recorded: Pick<RecordedChart, 'id' | 'hash'>, charts: Charts): ChartFate['fate'] {
  if (isKnownChart(recorded, charts)) return 'same';
  return chartById(recorded.id, charts) === null ? 'unknown' : 'changed';
}

/** Charts that changed since the journal was written last: no event names the definition that this program has. */
export function newlyChanged(recorded: readonly RecordedChart[], charts: Charts = CHARTS): readonly string[] {
  const ids = new Set(recorded.filter((one) => fateOf(one, charts) === 'changed').map(({ id }) => id));
  return [...ids].filter((id) => !recorded.some((one) => one.id === id && isKnownChart(one, charts)));
}

/** Bases that this program cannot go on from: they were folded through another definition of their chart. */
export function outdatedBases(bases: readonly BaseChart[], charts: Charts = CHARTS): readonly BaseChart[] {
  return bases.filter((base) => !isKnownChart(base, charts));
}

/** A stream that the charts of this program do not take. */
export interface Unfoldable extends Deviation {
  /** The chart that the event was recorded under. */
  readonly chart: { readonly id: string; readonly hash: string };
  readonly fate: ChartFate['fate'];
}

/** The first name the place; more of a chart that changed are more of the same. */
const MAX_UNFOLDABLE = 1_000;

/** Folds every stream through the charts of this program, whatever definition its events were recorded under. */
export class EvolutionPass implements Pass {
  readonly #charts: Charts;
  readonly #folds: Folds;
  readonly #events = new Map<string, number>();
  readonly #unfoldable: Unfoldable[] = [];
  #count = 0;

  constructor(scratch: Scratch, charts: Charts = CHARTS) {
    this.#charts = charts;
    this.#folds = new Folds(scratch, charts, 'asToday');
  }

  page(events: readonly StoredEvent[]): void {
    for (const stored of events) this.#take(stored);
  }

  /** Streams that do not fold, in the order of the events that tell so; at most a thousand. */
  get unfoldable(): readonly Unfoldable[] {
    return this.#unfoldable;
  }

  /** How many there are in all. */
  get count(): number {
    return this.#count;
  }

  eventsOf({ id, hash }: { readonly id: string; readonly hash: string }): number {
    return this.#events.get(`${id} ${hash}`) ?? 0;
  }

  #take(stored: StoredEvent): void {
    const { chart } = stored.meta;
    const name = `${chart.id} ${chart.hash}`;
    this.#events.set(name, (this.#events.get(name) ?? 0) + 1);
    const fold = this.#folds.of(stored.stream);
    if (fold.lost !== null) return;
    const event = recordedOf(stored);
    const taken = event === null ? null : fold.take(event);
    if (taken?.kind === 'taken') return;
    this.#count += 1;
    if (this.#unfoldable.length >= MAX_UNFOLDABLE) return;
    const { position, stream, version, type } = stored;
    const unread = { kind: 'unreadable', position, stream, version, type, state: null, possible: [] } as const;
    const deviation: Deviation =
      taken?.kind === 'deviates'
        ? taken.deviation
        : { ...unread, says: event === null ? 'the data is no JSON object' : `no chart has the id ${chart.id}` };
    this.#unfoldable.push({ ...deviation, chart, fate: fateOf(chart, this.#charts) });
  }
}

import { CHARTS, isChartId, type ChartId } from '../machines/catalogue.ts';
import type { Chart } from '../machines/chart.ts';
import { chartName } from './chart-hash.ts';

/**
 * By which chart an event is judged. `asRecorded`: the one whose hash it names; another one is never put in its place.
 * `asToday`: the one that this program has under that name, as its roles fold.
 */
export type Law = 'asRecorded' | 'asToday';

export type Charts = { readonly [Id in ChartId]: Chart };

/** Null where this program has no chart of that id. */
export function chartById(id: string, charts: Charts = CHARTS): Chart | null {
  return isChartId(id) ? charts[id] : null;
}

/** Whether this program has a chart, in that definition. */
export function isKnownChart(
  { id, hash }: { readonly id: string; readonly hash: string },
  charts: Charts = CHARTS,
): boolean {
  const chart = chartById(id, charts);
  return chart !== null && chartName(chart).hash === hash;
}

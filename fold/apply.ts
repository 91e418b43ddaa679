import { readEvent, UnreadableEvent } from './decode.ts';
import type { RecordedEvent } from '../journal/port.ts';
import { CHARTS } from '../machines/catalogue.ts';
import { ChartError, type Chart, type Step } from '../machines/chart.ts';
import { chartName } from './chart-hash.ts';
import { chartById, type Charts, type Law } from './law.ts';
import type { ChartState } from '../machines/state.ts';

/** A stream before an event. Without a chart or a state it has not begun. */
export interface Folding {
  readonly chart: Chart | null;
  readonly state: ChartState<unknown> | null;
  readonly version: number;
}

/** Why an event is not taken. */
export interface Fault {
  /**
   * `gap`: the version is not the next one. `unknownChart`: this program does not have the chart. `otherChart`: the stream
   * is of another chart. `unreadable`: type, version or data is not of the vocabulary. `impossible`: the state cannot take
   * the event.
   */
  readonly kind: 'gap' | 'unknownChart' | 'otherChart' | 'unreadable' | 'impossible';
  readonly message: string;
}

/** The next state with its effects, or a fault. */
export type Applied = Step<unknown> | Fault;

export const isFault = (applied: Applied): applied is Fault => 'kind' in applied;

/**
 * Applies one recorded event to the state of its stream, through its chart. What is taken is the step of the chart as it
 * is: this is on the path of every actor that is loaded and of every event that is audited.
 */
export function applyEvent(stream: Folding, event: RecordedEvent, law: Law, charts: Charts = CHARTS): Applied {
  const expected = stream.version + 1;
  if (event.version !== expected)
    return { kind: 'gap', message: `has version ${event.version}, and ${expected} was to come` };
  const { id, hash } = event.meta.chart;
  const chart = stream.chart?.id === id ? stream.chart : chartById(id, charts);
  if (chart === null || (law === 'asRecorded' && chartName(chart).hash !== hash))
    return { kind: 'unknownChart', message: `no chart ${id} of hash ${hash} is known` };
  if (stream.chart !== null && stream.chart !== chart)
    return { kind: 'otherChart', message: `is of chart ${id}, the stream is of ${stream.chart.id}` };
  try {
    return chart.transition(stream.state ?? chart.initial(), readEvent(event));
  } catch (error) {
    if (error instanceof UnreadableEvent) return { kind: 'unreadable', message: error.message };
    if (error instanceof ChartError) return { kind: 'impossible', message: error.message };
    throw error;
  }
}

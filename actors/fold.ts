import { readFact, UnreadableEvent } from '../events/decode.ts';
import type { JournalReader } from '../events/journal/port.ts';
import type { Chart, ChartState } from '../machines/chart.ts';
import { FOLD_PAGE } from './limits.ts';

/** One actor in memory: its chart, its state, and the version of its stream that the state is the fold of. */
export interface Actor {
  readonly chart: Chart;
  readonly state: ChartState<unknown>;
  readonly version: number;
}

/** The state of an actor: its stream folded through its chart. @throws UnreadableEvent, ChartError */
export async function foldActor(journal: JournalReader, chart: Chart, stream: string): Promise<Actor> {
  let state: ChartState<unknown> = chart.initial();
  let version = 0;
  for (;;) {
    const page = await journal.readStream(stream, { after: version, limit: FOLD_PAGE });
    for (const event of page) {
      const fact = readFact(event);
      if (fact.chart !== chart.id) {
        const sentence = `Stream ${stream} has an event of chart ${fact.chart} at version ${event.version}; it belongs to ${chart.id}.`;
        throw new UnreadableEvent(
          'unknownChart',
          sentence,
          'Verify the journal: this event was not written by this role.',
        );
      }
      state = chart.transition(state, fact).state;
      version = event.version;
    }
    if (page.length < FOLD_PAGE) return { chart, state, version };
  }
}

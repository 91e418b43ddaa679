import type { JournalReader, RecordedEvent } from '../events/journal/port.ts';
import { CHARTS } from '../machines/all.ts';
import type { Chart, ChartState } from '../machines/chart.ts';
import { StreamFold, type Charts, type Deviation, type UnknownChart } from './stream-fold.ts';

/** Events a read. */
const PAGE = 1_000;

/** An actor as it was right after one position of its journal. */
export interface Moment {
  readonly stream: string;
  /** Of the last event that is in it; 0 where the stream had not begun. */
  readonly version: number;
  /** Position of that event; 0 where there is none. */
  readonly position: number;
  /** Null where the stream had not begun, or its chart is not known. */
  readonly chart: Chart | null;
  /** Null for the same reasons, and after a deviation. */
  readonly state: ChartState<unknown> | null;
  /** Why there is no state although there are events. */
  readonly lost: Deviation | UnknownChart | null;
  readonly lastEvent: RecordedEvent | null;
}

/**
 * The state of a stream as of a position: the fold of its events up to and including that one, as an auditor folds.
 * @param until position in the journal; infinity for all that is there
 */
export async function momentOf(
  journal: Pick<JournalReader, 'readStream'>,
  stream: string,
  until: number,
  charts: Charts = CHARTS,
): Promise<Moment> {
  const fold = new StreamFold(stream, charts);
  let lost: Moment['lost'] = null;
  let lastEvent: RecordedEvent | null = null;
  for (;;) {
    const page = await journal.readStream(stream, { after: fold.version, limit: PAGE });
    const within = page.filter(({ position }) => position <= until);
    for (const event of within) {
      const taken = fold.take(event);
      if (taken.kind === 'deviates') lost = taken.deviation;
      else if (taken.kind === 'unjudged' && taken.because !== 'deviation') lost = taken.because;
      lastEvent = event;
    }
    if (page.length < PAGE || within.length < page.length) break;
  }
  return {
    stream,
    version: lastEvent?.version ?? 0,
    position: lastEvent?.position ?? 0,
    chart: fold.chart,
    state: fold.state,
    lost,
    lastEvent,
  };
}

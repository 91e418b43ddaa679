import type { ArchiveReader, Base, JournalReader, RecordedEvent, SnapshotReader } from '../journal/port.ts';
import type { Chart } from '../machines/chart.ts';
import { restoreBase, restoreSnapshot } from '../fold/snapshot.ts';
import { StreamFold, type Charts, type Deviation, type UnknownChart } from './stream-fold.ts';
import { isChartId, CHARTS } from '../machines/catalogue.ts';
import type { ChartState } from '../machines/state.ts';

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
  /** Position of the snapshot that it was folded on from; null where of events, and a base, alone. */
  readonly snapshotAt: number | null;
}

/** What a moment is folded from; snapshots only save reading what lies before them. A base stands for what is archived. */
export type MomentSource = Pick<JournalReader, 'readStream'> &
  Partial<Pick<SnapshotReader, 'snapshot'> & Pick<ArchiveReader, 'base'>>;

/**
 * The state of a stream as of a position: the fold of its events up to and including that one, as an auditor folds.
 * @param until position in the journal; infinity for all that is there
 * @throws JournalError `archived` where it would take events that are not here: half a stream is not folded
 */
export async function momentOf(
  journal: MomentSource,
  stream: string,
  until: number,
  charts: Charts = CHARTS,
): Promise<Moment> {
  const base = (await journal.base?.(stream)) ?? null;
  const begun = await fromSnapshot(journal, stream, until, charts);
  const fold = begun?.fold ?? foldBehind(base, until, charts) ?? new StreamFold(stream, charts);
  let lost: Moment['lost'] = null;
  const snapshotAt = begun?.event.position ?? null;
  let lastEvent = begun?.event ?? null;
  for (;;) {
    const page = until < 1 ? [] : await journal.readStream(stream, { after: fold.version, limit: PAGE });
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
    version: lastEvent?.version ?? fold.version,
    position: lastEvent?.position ?? (fold.version === 0 ? 0 : (base?.position ?? 0)),
    chart: fold.chart,
    state: fold.state,
    lost,
    lastEvent,
    snapshotAt,
  };
}

/** A fold that goes on from the state at the last archived event; null where there is none within `until`. */
export function foldBehind(base: Base | null, until: number, charts: Charts = CHARTS): StreamFold | null {
  if (base === null || base.position > until || !isChartId(base.chart.id)) return null;
  const chart = charts[base.chart.id];
  const restored = restoreBase(chart, base);
  return restored.kind === 'refused'
    ? null
    : StreamFold.behind(base.stream, base.version, chart, restored.state, charts);
}

/** A fold that begins behind the newest snapshot that holds; null without one. Its event has to stand where it says. */
async function fromSnapshot(
  journal: MomentSource,
  stream: string,
  until: number,
  charts: Charts,
): Promise<{ readonly fold: StreamFold; readonly event: RecordedEvent } | null> {
  if (journal.snapshot === undefined) return null;
  const kept = await journal.snapshot(stream, { position: Math.min(until, Number.MAX_SAFE_INTEGER) });
  if (kept === null || !isChartId(kept.chart.id)) return null;
  const chart = charts[kept.chart.id];
  const restored = restoreSnapshot(chart, kept);
  const [event] = await journal.readStream(stream, { after: kept.version - 1, limit: 1 });
  const isThere = event?.version === kept.version && event.position === kept.position;
  if (restored.kind === 'refused' || !isThere || event.meta.chart.hash !== kept.chart.hash) return null;
  return { fold: StreamFold.behind(stream, kept.version, chart, restored.state, charts), event };
}

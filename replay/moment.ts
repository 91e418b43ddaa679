import { chartById, isKnownChart, type Charts } from '../fold/law.ts';
import { restoreBase, type FoldedStream } from '../fold/snapshot.ts';
import { isBeyond, pagesOf, startAtSnapshot, takeAll, type FoldSource } from '../fold/source.ts';
import { StreamFold, type Deviation, type UnknownChart } from '../fold/stream-fold.ts';
import type { AsOf, RecordedEvent } from '../journal/port.ts';
import { CHARTS } from '../machines/catalogue.ts';
import type { Chart } from '../machines/chart.ts';
import type { ChartState } from '../machines/state.ts';

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

/**
 * The state of a stream as of a position: the fold of its events up to and including that one, as an auditor folds.
 * @param until position in the journal; infinity for all that is there
 * @throws JournalError `archived` where it would take events that are not here: half a stream is not folded
 */
export async function momentOf(
  journal: FoldSource,
  stream: string,
  until: number,
  charts: Charts = CHARTS,
): Promise<Moment> {
  const asOf = { position: Math.min(until, Number.MAX_SAFE_INTEGER) };
  const start = await startAtSnapshot(journal, stream, asOf, (id) => chartById(id, charts));
  // An auditor folds by the chart that the event names, and no other.
  const kept = start?.kind === 'restored' && isKnownChart(start.at.meta.chart, charts) ? start : null;
  const restored = kept?.actor ?? (await archivedUpTo(journal, stream, asOf, charts));
  const fold = restored === null ? new StreamFold(charts) : StreamFold.behind(restored, charts);
  let lost: Moment['lost'] = null;
  let lastEvent = kept?.at ?? null;
  const unfolded = kept?.unfolded ?? { pages: pagesOf(journal, stream, fold.version, asOf) };
  await takeAll(unfolded, (event) => {
    const taken = fold.take(event);
    if (taken.kind === 'deviates') lost = taken.deviation;
    else if (taken.kind === 'unjudged' && taken.because !== 'deviation') lost = taken.because;
    lastEvent = event;
  });
  const { version, position, chart, state } = fold;
  return { stream, version, position, chart, state, lost, lastEvent, snapshotAt: kept?.at.position ?? null };
}

/** The state at the last archived event; null where there is none as of then, or none for these charts. */
async function archivedUpTo(
  journal: FoldSource,
  stream: string,
  asOf: AsOf,
  charts: Charts,
): Promise<FoldedStream | null> {
  const base = (await journal.base?.(stream)) ?? null;
  if (base === null || isBeyond(base, asOf)) return null;
  const restored = restoreBase(chartById(base.chart.id, charts), base);
  return restored.kind === 'restored' ? restored.actor : null;
}

import type { Base, Snapshot, StreamSource } from '../journal/port.ts';
import { chartById, type Charts } from '../fold/law.ts';
import { restoreBase, restoreSnapshot, stateHashOf, type SnapshotFault } from '../fold/snapshot.ts';
import { pagesOf, takeAll } from '../fold/source.ts';
import { StreamFold } from '../fold/stream-fold.ts';
import { CHARTS } from '../machines/catalogue.ts';

/**
 * What a check of one snapshot came to. `right`: it is what its stream folds to. `wrong`: every role would take it, and
 * the stream folds to something else. The others are ignored wherever they are met.
 */
export type SnapshotVerdict = 'right' | 'wrong' | 'unfolded' | SnapshotFault;

export interface SnapshotCheck {
  readonly snapshot: Snapshot;
  readonly verdict: SnapshotVerdict;
}

/** Snapshots may be large: read a few at once. */
const SNAPSHOTS_PAGE = 64;

/** Those verdicts that a journal has no business with. What an earlier program kept is as good as not there. */
export const isSoundVerdict = (verdict: SnapshotVerdict): boolean =>
  verdict === 'right' || verdict === 'otherChart' || verdict === 'otherProgram';

/** Folds every stream that has snapshots from its first event, or from its base, through the charts of today, and compares on the way. */
export async function* verifySnapshots(journal: StreamSource, charts: Charts = CHARTS): AsyncGenerator<SnapshotCheck> {
  let fold: StreamFold | null = null;
  for (let after: Snapshot | undefined; ;) {
    const page = await journal.snapshots({ ...(after === undefined ? {} : { after }), limit: SNAPSHOTS_PAGE });
    for (const snapshot of page) {
      if (fold === null || snapshot.stream !== after?.stream)
        fold = beginning(await journal.base(snapshot.stream), charts);
      yield { snapshot, verdict: await verdictOn(snapshot, journal, fold, charts) };
      after = snapshot;
    }
    if (page.length === 0) return;
  }
}

/** @param base where the first events of the stream are archived */
function beginning(base: Base | null, charts: Charts): StreamFold {
  const restored = base === null ? null : restoreBase(chartById(base.chart.id, charts), base);
  return restored?.kind === 'restored'
    ? StreamFold.behind(restored.actor, charts, 'asToday')
    : new StreamFold(charts, 'asToday');
}

/** @param fold of its stream, at an earlier snapshot; it is folded on to this one */
async function verdictOn(
  snapshot: Snapshot,
  journal: StreamSource,
  fold: StreamFold,
  charts: Charts,
): Promise<SnapshotVerdict> {
  const { stream, version, position, chart, stateHash } = snapshot;
  const restored = restoreSnapshot(chartById(chart.id, charts), snapshot);
  if (restored.kind === 'refused') return restored.fault;
  await takeAll({ pages: pagesOf(journal, stream, fold.version, { version }) }, (event) => fold.take(event));
  if (fold.version < version || fold.position !== position) return 'beyond';
  if (fold.state === null) return 'unfolded';
  return stateHashOf(fold.state) === stateHash ? 'right' : 'wrong';
}

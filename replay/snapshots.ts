import type { Base, Snapshot, StreamSource } from '../journal/port.ts';
import { restoreBase, restoreSnapshot, stateHashOf, type SnapshotFault } from '../fold/snapshot.ts';
import { StreamFold, type Charts } from './stream-fold.ts';
import { isChartId, CHARTS } from '../machines/catalogue.ts';

/**
 * What a check of one snapshot came to. `right`: it is what its stream folds to. `wrong`: every role would take it, and
 * the stream folds to something else. The others are ignored wherever they are met.
 */
export type SnapshotVerdict = 'right' | 'wrong' | 'unfolded' | SnapshotFault;

export interface SnapshotCheck {
  readonly snapshot: Snapshot;
  readonly verdict: SnapshotVerdict;
}

const PAGE = 1_000;
/** Snapshots may be large: read a few at once. */
const SNAPSHOTS_PAGE = 64;

/** Those verdicts that a journal has no business with. What an earlier program kept is as good as not there. */
export const isSoundVerdict = (verdict: SnapshotVerdict): boolean =>
  verdict === 'right' || verdict === 'otherChart' || verdict === 'otherProgram';

/** Folds every stream that has snapshots from its first event, or from its base, through the charts of today, and compares on the way. */
export async function* verifySnapshots(journal: StreamSource, charts: Charts = CHARTS): AsyncGenerator<SnapshotCheck> {
  let fold: Walk | null = null;
  for (let after: Snapshot | undefined; ;) {
    const page = await journal.snapshots({ ...(after === undefined ? {} : { after }), limit: SNAPSHOTS_PAGE });
    for (const snapshot of page) {
      const { stream } = snapshot;
      if (fold?.stream !== stream) fold = new Walk(journal, stream, charts, await journal.base(stream));
      yield { snapshot, verdict: await verdictOn(snapshot, fold, charts) };
    }
    after = page.at(-1);
    if (after === undefined) return;
  }
}

async function verdictOn(snapshot: Snapshot, fold: Walk, charts: Charts): Promise<SnapshotVerdict> {
  const { id } = snapshot.chart;
  const restored = isChartId(id) ? restoreSnapshot(charts[id], snapshot) : null;
  if (restored === null) return 'otherChart';
  if (restored.kind === 'refused') return restored.fault;
  const found = await fold.to(snapshot.version);
  if (found.position !== snapshot.position) return 'beyond';
  if (found.stateHash === null) return 'unfolded';
  return found.stateHash === snapshot.stateHash ? 'right' : 'wrong';
}

/** One stream, folded on and on. */
class Walk {
  readonly stream: string;
  readonly #journal: StreamSource;
  readonly #fold: StreamFold;
  #position = 0;
  /** @param base where its first events are archived */
  constructor(journal: StreamSource, stream: string, charts: Charts, base: Base | null) {
    this.#journal = journal;
    this.stream = stream;
    this.#fold = (base === null ? null : behind(base, charts)) ?? new StreamFold(stream, charts, 'asToday');
    this.#position = base?.position ?? 0;
  }

  /** @returns position of the event of that version, null where there is none; and what is folded to there, null where nothing is */
  async to(version: number): Promise<{ readonly position: number | null; readonly stateHash: string | null }> {
    while (this.#fold.version < version) {
      const limit = Math.min(PAGE, version - this.#fold.version);
      const page = await this.#journal.readStream(this.stream, { after: this.#fold.version, limit });
      if (page.length === 0) return { position: null, stateHash: null };
      for (const event of page) {
        this.#fold.take(event);
        this.#position = event.position;
      }
    }
    const { state } = this.#fold;
    return { position: this.#position, stateHash: state === null ? null : stateHashOf(state) };
  }
}

function behind(base: Base, charts: Charts): StreamFold | null {
  const { id } = base.chart;
  const restored = isChartId(id) ? restoreBase(charts[id], base) : null;
  if (restored?.kind !== 'restored' || !isChartId(id)) return null;
  return StreamFold.behind(base.stream, base.version, charts[id], restored.state, charts, 'asToday');
}

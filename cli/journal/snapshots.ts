import type { StreamSource } from '../../journal/port.ts';
import { isSoundVerdict, verifySnapshots, type SnapshotCheck, type SnapshotVerdict } from '../../replay/snapshots.ts';

export interface SnapshotsReport {
  readonly snapshots: number;
  readonly right: number;
  /** What is not right, in the order of streams and versions; at most `MAX_SHOWN`. */
  readonly others: readonly { readonly stream: string; readonly version: number; readonly verdict: SnapshotVerdict }[];
  readonly sound: boolean;
}

const MAX_SHOWN = 100;

/** Folds every stream that has snapshots, and compares. @param onProgress how many were compared */
export async function checkSnapshots(
  journal: StreamSource,
  onProgress: (done: number) => void,
): Promise<SnapshotsReport> {
  const others: SnapshotCheck[] = [];
  let [snapshots, right, sound] = [0, 0, true];
  for await (const check of verifySnapshots(journal)) {
    snapshots += 1;
    if (check.verdict === 'right') right += 1;
    else if (others.length < MAX_SHOWN) others.push(check);
    sound &&= isSoundVerdict(check.verdict);
    onProgress(snapshots);
  }
  const told = others.map(({ snapshot: { stream, version }, verdict }) => ({ stream, version, verdict }));
  return { snapshots, right, others: told, sound };
}

const SAYS: Readonly<Record<Exclude<SnapshotVerdict, 'right'>, string>> = {
  wrong: 'WRONG: roles take it, and the stream folds to something else; drop it',
  unfolded: 'its stream does not fold through the charts of this program',
  damaged: 'damaged: it is ignored',
  beyond: 'of an event that the stream does not have: it is ignored',
  otherChart: 'of another definition of its chart: it is ignored',
  otherProgram: 'of another program: it is ignored',
};

export function snapshotsText({ snapshots, right, others }: SnapshotsReport): string {
  const lines = others.flatMap(({ stream, version, verdict }) =>
    verdict === 'right' ? [] : [`snapshot of ${stream} at version ${version}: ${SAYS[verdict]}`],
  );
  return [...lines, `${snapshots} snapshots, ${right} are what their streams fold to`].join('\n');
}

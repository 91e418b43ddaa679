import type { JournalReader, RecordedEvent } from '../journal/port.ts';
import { applyTo, ProjectionError, type ProjectionStore, type ReadModel } from './port.ts';

/** Events read at once, and per transaction: long enough to spread the sync, short enough not to hold up the committer. */
export const PAGE = 1_000;

export type RebuildProgress = (progress: { readonly position: number; readonly head: number }) => void;

export interface Rebuilt {
  readonly name: string;
  /** The new checkpoint. */
  readonly position: number;
  /** Why its rows and checkpoint are as they were. */
  readonly failure: ProjectionError | null;
}

/** What is rebuilt, and where its rows are. */
export interface RebuildTarget<Delta> {
  readonly model: ReadModel<Delta>;
  readonly store: ProjectionStore<Delta>;
}

/**
 * Folds read models from the first event, all from one read, and then replaces the rows of each in a transaction of its
 * own. Until then readers see the former ones, and commits go on between pages. One that fails leaves the others alone.
 */
export async function rebuild(
  journal: JournalReader,
  targets: readonly RebuildTarget<unknown>[],
  onProgress?: RebuildProgress,
): Promise<readonly Rebuilt[]> {
  const all = targets.map(rebuildOf);
  const head = await journal.head();
  const to = await readUpTo(journal, head, (events) => {
    for (const { take } of all) take(events);
    onProgress?.({ position: events.at(-1)?.position ?? head, head });
  });
  const rebuilt: Rebuilt[] = [];
  for (const { finish } of all) rebuilt.push(await finish(to));
  return rebuilt;
}

function rebuildOf<Delta>({ model, store }: RebuildTarget<Delta>) {
  const { name } = model;
  const fold = model.foldAnew();
  let failure: ProjectionError | null = null;
  return {
    take(events: readonly RecordedEvent[]): void {
      if (failure !== null) return;
      try {
        for (const event of events) applyTo(fold, name, event);
      } catch (error) {
        if (!(error instanceof ProjectionError)) throw error;
        failure = error;
      }
    },
    async finish(to: number): Promise<Rebuilt> {
      if (failure === null) await store.replace({ to, delta: fold });
      return { name, position: failure === null ? to : (await store.standing()).position, failure };
    },
  };
}

/** Reads the events from the first to the one at `to`, page by page. @returns the position of the last */
export async function readUpTo(
  journal: JournalReader,
  to: number,
  visit: (events: readonly RecordedEvent[]) => void,
): Promise<number> {
  let done = 0;
  while (done < to) {
    const events = await journal.readAll({ after: done, limit: Math.min(PAGE, to - done) });
    const last = events.at(-1)?.position;
    if (last === undefined) break;
    visit(events);
    done = last;
  }
  return done;
}

import type { Charts } from '../fold/law.ts';
import { snapshotOf } from '../fold/snapshot.ts';
import type { ArchiveReader, Base, StoredEvent } from '../journal/port.ts';
import { CHARTS } from '../machines/catalogue.ts';
import { Folds } from './folds.ts';
import type { Scratch } from './scratch/scratch.ts';
import { recordedOf, type Pass } from './source.ts';

export interface WrongBase {
  readonly stream: string;
  readonly position: number;
  readonly says: string;
}

const PAGE = 64;

/** Folds the archived events of each stream through the charts of today, for the state that the journal goes on from. */
export class BasesPass implements Pass {
  readonly #upTo: number;
  readonly #folds: Folds;

  constructor(upTo: number, scratch: Scratch, charts: Charts = CHARTS) {
    this.#upTo = upTo;
    this.#folds = new Folds(scratch, charts, 'asToday');
  }

  page(events: readonly StoredEvent[]): void {
    for (const stored of events) {
      const event = stored.position > this.#upTo ? null : recordedOf(stored);
      if (event !== null) this.#folds.of(event.stream).take(event);
    }
  }

  /** What a base has to be, or null where its stream does not fold. */
  folded({ stream }: Pick<Base, 'stream'>): Base | null {
    const { version, position, state, chart } = this.#folds.of(stream);
    return state === null || chart === null ? null : snapshotOf(chart, { stream, version, position }, state);
  }

  /** Bases that are not what the archive folds to. */
  async *wrong(journal: ArchiveReader): AsyncGenerator<WrongBase> {
    for await (const base of basesOf(journal)) {
      const { stream, position } = base;
      const folded = this.folded(base);
      if (folded === null) yield { stream, position, says: 'the archived events of its stream do not fold' };
      else if (folded.version !== base.version || folded.position !== position)
        yield { stream, position, says: `the last archived event of its stream is at position ${folded.position}` };
      else if (folded.stateHash !== base.stateHash || folded.state !== base.state)
        yield { stream, position, says: 'its stream folds to another state there' };
    }
  }
}

export async function* basesOf(journal: Pick<ArchiveReader, 'bases'>): AsyncGenerator<Base> {
  for (let after = ''; ;) {
    const page = await journal.bases({ after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.stream;
  }
}

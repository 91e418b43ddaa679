import type { ArchiveReader, Base, StoredEvent } from '../journal/port.ts';
import { snapshotOf } from '../fold/snapshot.ts';
import type { Scratch } from './scratch/scratch.ts';
import { NUMBER, type Shelf } from './scratch/shelf.ts';
import { recordedOf, type Pass } from './source.ts';
import { StreamFold, type Charts } from './stream-fold.ts';
import { CHARTS } from '../machines/catalogue.ts';

export interface WrongBase {
  readonly stream: string;
  readonly position: number;
  readonly says: string;
}

const PAGE = 64;

/** Folds the archived events of each stream through the charts of today, for the state that the journal goes on from. */
export class BasesPass implements Pass {
  readonly #upTo: number;
  readonly #charts: Charts;
  readonly #folds: Shelf<StreamFold>;
  /** Position of the last archived event of each stream. */
  readonly #positions: Shelf<number>;

  constructor(upTo: number, scratch: Scratch, charts: Charts = CHARTS) {
    this.#upTo = upTo;
    this.#charts = charts;
    this.#folds = scratch.shelf({
      write: (fold) => fold.keep(),
      read: (text) => StreamFold.restore(text, charts, 'asToday'),
    });
    this.#positions = scratch.shelf(NUMBER);
  }

  page(events: readonly StoredEvent[]): void {
    for (const stored of events) {
      const event = stored.position > this.#upTo ? null : recordedOf(stored);
      if (event === null) continue;
      this.#foldOf(event.stream).take(event);
      this.#positions.set(event.stream, event.position);
    }
  }

  /** What a base has to be, or null where its stream does not fold. */
  folded({ stream }: Pick<Base, 'stream'>): Base | null {
    const { version, state, chart } = this.#foldOf(stream);
    const position = this.#positions.get(stream);
    if (position === undefined || state === null || chart === null) return null;
    return snapshotOf(chart, { stream, version, position }, state);
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

  #foldOf(stream: string): StreamFold {
    const known = this.#folds.get(stream);
    if (known !== undefined) return known;
    const fold = new StreamFold(stream, this.#charts, 'asToday');
    this.#folds.set(stream, fold);
    return fold;
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

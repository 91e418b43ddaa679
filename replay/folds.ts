import { StreamFold } from '../fold/stream-fold.ts';
import type { Charts, Law } from '../fold/law.ts';
import type { Scratch } from './scratch/scratch.ts';
import type { Shelf } from './scratch/shelf.ts';

/** The folds of all streams of a journal; those of actors that rest are on a shelf. */
export class Folds {
  readonly #shelf: Shelf<StreamFold>;
  readonly #begin: () => StreamFold;

  /** @param hot folds that stay in memory; default as for any shelf */
  constructor(scratch: Scratch, charts: Charts, law: Law, hot?: number) {
    const codec = {
      write: (fold: StreamFold) => fold.keep(),
      read: (text: string) => StreamFold.restore(text, charts, law),
    };
    this.#shelf = scratch.shelf(codec, hot);
    this.#begin = () => new StreamFold(charts, law);
  }

  /** @param begin the fold of a stream that was not seen before; default: before its first event */
  of(stream: string, begin = this.#begin): StreamFold {
    const known = this.#shelf.get(stream);
    if (known !== undefined) return known;
    const fold = begin();
    this.#shelf.set(stream, fold);
    return fold;
  }
}

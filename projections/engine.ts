import type { JournalReader, RecordedEvent } from '../events/journal/port.ts';
import { ProjectionError, type ProjectionStore } from './port.ts';

/** Events per transaction: long enough to spread the sync, short enough not to hold up the committer (a few ms). */
const PAGE = 1_000;

/** What a run of events does to a read model, while they are applied in journal order. */
export interface Fold {
  /** @throws ProjectionError `handler` */
  apply(event: RecordedEvent): void;
}

export interface ReadModel<Delta> {
  /** For people, in errors. */
  readonly name: string;
  readonly journal: JournalReader;
  readonly store: ProjectionStore<Delta>;
  /** A fold on top of what the store has of what these events touch. */
  foldOnto(events: readonly RecordedEvent[]): Promise<Delta & Fold>;
  /** A fold from nothing. */
  foldAnew(): Delta & Fold;
}

/**
 * A read model, maintained: events go through its fold in journal order, a page at a time, and rows and checkpoint move
 * together. Calls take turns, so pages never overlap.
 */
export class Projection<Delta> {
  readonly #model: ReadModel<Delta>;
  #turn: Promise<unknown> = Promise.resolve();
  constructor(model: ReadModel<Delta>) {
    this.#model = model;
  }

  get name(): string {
    return this.#model.name;
  }

  /**
   * Applies all events since the checkpoint. Returns the new checkpoint, the position of the last event applied.
   * @throws ProjectionError; the pages before the failing one stay applied
   */
  catchUp(): Promise<number> {
    return this.#next(async () => {
      const { name, journal, store } = this.#model;
      let from = await store.checkpoint();
      const head = await journal.head();
      if (from > head) throw aheadError(name, from, head);
      for (;;) {
        const to = await this.#page(from);
        if (to === null) return from;
        from = to;
      }
    });
  }

  /** Applies one page. @returns the new checkpoint, or null where nothing is left */
  async #page(from: number): Promise<number | null> {
    const { journal, store, foldOnto } = this.#model;
    const events = await journal.readAll({ after: from, limit: PAGE });
    const to = events.at(-1)?.position;
    if (to === undefined) return null;
    try {
      const fold = await foldOnto(events);
      for (const event of events) fold.apply(event);
      await store.advance({ from, to, delta: fold });
      return to;
    } catch (error) {
      // Another process may have applied the page meanwhile: then what was read of the rows is newer than the checkpoint.
      const actual = await store.checkpoint();
      if (error instanceof ProjectionError && actual > from) return actual;
      throw error;
    }
  }

  /**
   * Folds the journal from its first event and replaces the rows; until then readers see the former ones, and commits go
   * on between pages. Returns the new checkpoint.
   * @throws ProjectionError `handler`; then rows and checkpoint are as they were
   */
  rebuild(onProgress?: (progress: { readonly position: number; readonly head: number }) => void): Promise<number> {
    return this.#next(async () => {
      const { journal, store, foldAnew } = this.#model;
      const head = await journal.head();
      const fold = foldAnew();
      let to = 0;
      while (to < head) {
        const events = await journal.readAll({ after: to, limit: Math.min(PAGE, head - to) });
        for (const event of events) fold.apply(event);
        const last = events.at(-1)?.position;
        if (last === undefined) break;
        to = last;
        onProgress?.({ position: to, head });
      }
      await store.replace({ to, delta: fold });
      return to;
    });
  }

  checkpoint(): Promise<number> {
    return this.#model.store.checkpoint();
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function aheadError(name: string, checkpoint: number, head: number): ProjectionError {
  const message = `${name}: its checkpoint ${checkpoint} is beyond the journal, which ends at ${head}.`;
  return new ProjectionError('ahead', message, 'The journal was replaced by an older one: rebuild the projection.');
}

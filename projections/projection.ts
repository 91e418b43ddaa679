import type { JournalReader } from '../events/journal/port.ts';
import { InventoryFold, changedPns } from './inventory.ts';
import type { InventoryStore, PnInventory } from './port.ts';
import { ProjectionError } from './port.ts';

/** Events per transaction: long enough to spread the sync, short enough not to hold up the committer (a few ms). */
const PAGE = 1_000;

/**
 * The PN Inventory, maintained: events go through the fold in journal order, a page at a time, and rows and checkpoint
 * move together. Calls take turns, so pages never overlap.
 */
export class InventoryProjection {
  readonly #journal: JournalReader;
  readonly #store: InventoryStore;
  #turn: Promise<unknown> = Promise.resolve();
  constructor(journal: JournalReader, store: InventoryStore) {
    this.#journal = journal;
    this.#store = store;
  }

  /**
   * Applies all events since the checkpoint. Returns the new checkpoint, the position of the last event applied.
   * @throws ProjectionError; the pages before the failing one stay applied
   */
  catchUp(): Promise<number> {
    return this.#next(async () => {
      let from = await this.#store.checkpoint();
      const head = await this.#journal.head();
      if (from > head) throw aheadError(from, head);
      for (;;) {
        const events = await this.#journal.readAll({ after: from, limit: PAGE });
        const to = events.at(-1)?.position;
        if (to === undefined) return from;
        const fold = new InventoryFold(await this.#store.revisions(changedPns(events)));
        for (const event of events) fold.apply(event);
        await this.#store.advance({ from, to, delta: fold });
        from = to;
      }
    });
  }

  /**
   * Folds the journal from its first event and replaces the rows; until then readers see the former ones, and commits go
   * on between pages. Returns the new checkpoint.
   * @throws ProjectionError `handler`; then rows and checkpoint are as they were
   */
  rebuild(onProgress?: (progress: { readonly position: number; readonly head: number }) => void): Promise<number> {
    return this.#next(async () => {
      const head = await this.#journal.head();
      const fold = new InventoryFold();
      let to = 0;
      while (to < head) {
        const events = await this.#journal.readAll({ after: to, limit: Math.min(PAGE, head - to) });
        for (const event of events) fold.apply(event);
        const last = events.at(-1)?.position;
        if (last === undefined) break;
        to = last;
        onProgress?.({ position: to, head });
      }
      await this.#store.replace({ to, delta: fold });
      return to;
    });
  }

  inventory(pnId?: string): Promise<readonly PnInventory[]> {
    return this.#store.inventory(pnId);
  }

  checkpoint(): Promise<number> {
    return this.#store.checkpoint();
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function aheadError(checkpoint: number, head: number): ProjectionError {
  const message = `PN Inventory: its checkpoint ${checkpoint} is beyond the journal, which ends at ${head}.`;
  return new ProjectionError('ahead', message, 'The journal was replaced by an older one: rebuild the projection.');
}

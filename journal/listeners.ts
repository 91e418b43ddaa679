import type { RecordedEvent } from './port.ts';

export type CommitListener = (events: readonly RecordedEvent[]) => void;

/** Those who want to hear of commits. What one of them throws reaches neither the committer nor the others. */
export class Listeners {
  readonly #all = new Set<CommitListener>();

  /** @returns what ends it */
  add(listener: CommitListener): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  tell(events: readonly RecordedEvent[]): void {
    for (const listener of this.#all) {
      try {
        listener(events);
      } catch (error) {
        // The commit stands, whatever its listener does; the listener's error surfaces as an uncaught one.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

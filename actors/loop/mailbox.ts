import { MAX_MAILBOX } from './limits.ts';
import type { Work } from './work.ts';

export interface Queued {
  /** Place in the order in which all came. */
  readonly seq: number;
  /** How often it met a version conflict. */
  readonly redo: number;
  readonly work: Work;
}

/** What waits for a unit, in the order in which it came. */
export class Mailbox {
  readonly #queue: Queued[] = [];
  #seq = 0;

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** @returns whether there was room */
  add(work: Work): boolean {
    if (this.#queue.length >= MAX_MAILBOX) return false;
    this.#queue.push({ seq: this.#seq++, redo: 0, work });
    return true;
  }

  next(): Queued | undefined {
    return this.#queue.shift();
  }

  /** Back to its place: steps are done again in the order in which they came. */
  putBack(queued: Queued): void {
    const later = this.#queue.findIndex(({ seq }) => seq > queued.seq);
    this.#queue.splice(later < 0 ? this.#queue.length : later, 0, queued);
  }
}

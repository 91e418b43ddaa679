import type { CommitListener } from './listeners.ts';
import { Listeners } from './listeners.ts';
import type { JournalReader, RecordedEvent } from './port.ts';

/** Events a read while it catches up. */
const PAGE = 1_000;

/**
 * Tells listeners of every event of a journal that several processes write, each once and in position order. This
 * process's own commits are told at once; where somebody else's lie before them, all are read from the journal.
 */
export class Follower {
  readonly #journal: Pick<JournalReader, 'readAll'>;
  readonly #listeners = new Listeners();
  /** Position of the last event that was told. */
  #told: number;
  #reading: Promise<void> | null = null;
  #wanted: 'more' | 'nothing' = 'nothing';

  /** @param from listeners hear of what is committed after this position */
  constructor(journal: Pick<JournalReader, 'readAll'>, from: number) {
    this.#journal = journal;
    this.#told = from;
  }

  get position(): number {
    return this.#told;
  }

  add(listener: CommitListener): () => void {
    return this.#listeners.add(listener);
  }

  /** A batch of this process was committed. */
  committed(events: readonly RecordedEvent[]): void {
    const [first, last] = [events.at(0), events.at(-1)];
    if (first === undefined || last === undefined) this.#listeners.tell([]);
    else if (first.position === this.#told + 1) this.#tell(events);
    else if (last.position > this.#told) this.catchUp().catch(() => undefined);
  }

  /**
   * Reads and tells what was committed meanwhile, by whomever; calls that overlap share it.
   * @throws JournalError; whoever calls again goes on from there
   */
  catchUp(): Promise<void> {
    this.#wanted = 'more';
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(): Promise<void> {
    while (this.#wanted === 'more') {
      this.#wanted = 'nothing';
      for (;;) {
        const page = await this.#journal.readAll({ after: this.#told, limit: PAGE });
        // Own commits may have been told while it was read.
        const news = page.filter(({ position }) => position > this.#told);
        if (news.length > 0) this.#tell(news);
        if (page.length < PAGE) break;
      }
    }
  }

  #tell(events: readonly RecordedEvent[]): void {
    this.#told = events.at(-1)?.position ?? this.#told;
    this.#listeners.tell(events);
  }
}

import type { BatchWrite, Consumed, Head } from './batch.ts';
import { planBatch } from './batch.ts';
import type { Commit, CommitResult, RecordedEvent } from './port.ts';
import { JournalError } from './port.ts';

/** What a database must do for the committer. Every statement serves a whole batch. */
export interface BatchStore {
  /** Runs `work` in one transaction: durable when it resolves, without a trace when it rejects. */
  transaction<T>(work: (tx: BatchTransaction) => Promise<T>): Promise<T>;
}

export interface BatchTransaction {
  head(): Promise<Head>;
  /** Versions of those of the streams that have events. */
  versions(streams: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Those of the keys that were committed before. */
  consumed(messageKeys: readonly string[]): Promise<ReadonlyMap<string, Consumed>>;
  /** Events from `firstPosition` on, `count` of them. */
  events(firstPosition: number, count: number): Promise<readonly RecordedEvent[]>;
  write(batch: BatchWrite): Promise<void>;
}

/** Bounds the time that one transaction holds up whoever comes next: 1,000 events take some 10 ms on SQLite. */
const MAX_BATCH_COMMITS = 512;
const MAX_BATCH_EVENTS = 2_048;
/** Half a second of SQLite's work: whoever offers more must hear of it, before memory runs out. */
const MAX_WAITING_COMMITS = 16_384;
/** Stream versions kept in memory; some 100 bytes each. A miss asks the store. */
const MAX_KNOWN_STREAMS = 16_384;

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/** `before` the database was told to commit nothing is kept; `during` it, nobody knows, and trying again might do it twice. */
interface Failure {
  readonly when: 'before' | 'during';
  readonly error: unknown;
}

function reject(batch: readonly Waiting[], failure: Failure | null): void {
  if (failure !== null) for (const waiting of batch) waiting.reject(failure.error);
}

/**
 * Group commit: all commits that wait share one transaction, in the order of their calls. The process must be the only
 * writer of the store, for stream versions and the head are remembered between batches.
 */
export class Committer {
  readonly #store: BatchStore;
  readonly #schedule: (run: () => void) => void;
  readonly #listeners = new Set<(events: readonly RecordedEvent[]) => void>();
  readonly #versions = new Map<string, number>();
  #head: Head | null = null;
  #queue: Waiting[] = [];
  #state: 'idle' | 'running' = 'idle';
  #closed: PromiseWithResolvers<void> | null = null;

  /** @param schedule when to start a batch: `setImmediate` collects all that one turn of the event loop brought. */
  constructor(store: BatchStore, schedule: (run: () => void) => void) {
    this.#store = store;
    this.#schedule = schedule;
  }

  commit(commit: Commit): Promise<CommitResult> {
    if (this.#closed !== null) return Promise.reject(closedError());
    if (this.#queue.length >= MAX_WAITING_COMMITS) {
      const message = `The journal is behind: ${MAX_WAITING_COMMITS} commits wait already.`;
      return Promise.reject(new JournalError('failed', message, 'Send less, or give the journal a faster disk.'));
    }
    const { promise, resolve, reject } = Promise.withResolvers<CommitResult>();
    this.#queue.push({ commit, resolve, reject });
    this.#wake();
    return promise;
  }

  onCommit(listener: (events: readonly RecordedEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes no more commits; resolves when those that wait are decided. */
  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    if (this.#state === 'idle') this.#closed.resolve();
    return this.#closed.promise;
  }

  #wake(): void {
    if (this.#state === 'running') return;
    this.#state = 'running';
    this.#schedule(() => void this.#run(this.#take()));
  }

  #take(): readonly Waiting[] {
    let events = 0;
    let count = 0;
    for (const { commit } of this.#queue) {
      for (const append of commit.appends) events += append.events.length;
      if (count === MAX_BATCH_COMMITS || (count > 0 && events > MAX_BATCH_EVENTS)) break;
      count++;
    }
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    const failure = await this.#commitTogether(batch);
    if (failure !== null && failure.when === 'before' && batch.length > 1) {
      // One commit that the store refuses must not fail its batch: try again one by one.
      for (const one of batch) reject([one], await this.#commitTogether([one]));
    } else reject(batch, failure);
    this.#state = 'idle';
    if (this.#queue.length > 0) this.#wake();
    else this.#closed?.resolve();
  }

  async #commitTogether(batch: readonly Waiting[]): Promise<Failure | null> {
    const commits = batch.map((waiting) => waiting.commit);
    let when: Failure['when'] = 'before';
    try {
      const done = await this.#store.transaction(async (tx) => {
        const applied = await this.#apply(tx, commits);
        when = 'during';
        return applied;
      });
      this.#head = done.head;
      for (const [stream, version] of done.versions) this.#remember(stream, version);
      batch.forEach(({ resolve }, i) => {
        const result = done.results[i];
        if (result !== undefined) resolve(result);
      });
      if (done.wrote) this.#notify(done.events);
      return null;
    } catch (error) {
      this.#head = null;
      this.#versions.clear();
      return { when, error };
    }
  }

  async #apply(tx: BatchTransaction, commits: readonly Commit[]) {
    const head = this.#head ?? (await tx.head());
    const streams = new Set(commits.flatMap((commit) => commit.appends.map((append) => append.stream)));
    const keys = new Set(commits.flatMap(({ messageKey }) => (messageKey === null ? [] : [messageKey])));
    const unknown = [...streams].filter((stream) => !this.#versions.has(stream));
    const found = unknown.length === 0 ? null : await tx.versions(unknown);
    const versions = new Map<string, number>();
    for (const stream of streams) versions.set(stream, this.#versions.get(stream) ?? found?.get(stream) ?? 0);
    const consumed = keys.size === 0 ? new Map<string, Consumed>() : await tx.consumed([...keys]);

    const plan = planBatch(commits, { head, versions, consumed });
    const wrote = plan.outcomes.some((outcome) => outcome.kind === 'committed');
    if (wrote) await tx.write(plan.write);

    const events = plan.write.events;
    const firstTime = async ({ firstPosition, eventCount }: Consumed): Promise<readonly RecordedEvent[]> => {
      const offset = firstPosition - head.position - 1;
      if (offset >= 0) return events.slice(offset, offset + eventCount);
      return eventCount === 0 ? [] : await tx.events(firstPosition, eventCount);
    };
    const results: CommitResult[] = [];
    for (const outcome of plan.outcomes) {
      if (outcome.kind !== 'duplicate') results.push(outcome);
      else results.push({ kind: 'duplicate', events: await firstTime(outcome.of) });
    }
    return { head: plan.write.to, versions: plan.versions, results, events, wrote };
  }

  #remember(stream: string, version: number): void {
    this.#versions.delete(stream);
    this.#versions.set(stream, version);
    if (this.#versions.size <= MAX_KNOWN_STREAMS) return;
    for (const oldest of this.#versions.keys()) {
      this.#versions.delete(oldest);
      break;
    }
  }

  #notify(events: readonly RecordedEvent[]): void {
    for (const listener of this.#listeners) {
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

export function closedError(): JournalError {
  return new JournalError('closed', 'The journal is closed.', 'Open it again before using it.');
}

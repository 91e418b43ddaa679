import type { BatchBasis, BatchWrite, Consumed } from './batch.ts';
import { planBatch } from './batch.ts';
import { Listeners } from './listeners.ts';
import type { Commit, CommitResult, RecordedEvent } from './port.ts';
import { JournalError } from './port.ts';

/** What a database must do for the committer. Every statement serves a whole batch. */
export interface BatchStore {
  /** Runs `work` in one transaction: durable when it resolves, without a trace when it rejects. */
  transaction<T>(work: (tx: BatchTransaction) => Promise<T>): Promise<T>;
}

export interface BatchTransaction {
  /** What the batch is decided on. From here to the end of the transaction nobody else moves the head. */
  basis(wanted: Wanted): Promise<BatchBasis>;
  /** Versions of streams, 0 for those without events. */
  versions(streams: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Events from `firstPosition` on, `count` of them; fewer where some are archived. */
  events(firstPosition: number, count: number): Promise<readonly RecordedEvent[]>;
  write(batch: BatchWrite): Promise<void>;
}

/** What the committer does not know by itself. */
export interface Wanted {
  readonly streams: readonly string[];
  readonly messageKeys: readonly string[];
  /** Keys that a commit expects something of. */
  readonly keys: readonly string[];
}

/** Bounds the time that one transaction holds up whoever comes next: 1,000 events take some 10 ms on SQLite. */
const MAX_BATCH_COMMITS = 512;
const MAX_BATCH_EVENTS = 2_048;
/** Half a second of SQLite's work: whoever offers more must hear of it, before memory runs out. */
const MAX_WAITING_COMMITS = 16_384;
/** Stream versions kept in memory; some 100 bytes each. A miss asks the store. */
const MAX_KNOWN_STREAMS = 16_384;

type Duplicate = Extract<CommitResult, { readonly kind: 'duplicate' }>;

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

/** Whether every commit would meet it, and wait for it as long as the batch did. */
function isOfTheStore({ error }: Failure): boolean {
  return error instanceof JournalError && (error.fault === 'unreachable' || error.fault === 'closed');
}

function reject(batch: readonly Waiting[], failure: Failure | null): void {
  if (failure === null) return;
  for (const waiting of batch) {
    waiting.commit.line?.break();
    waiting.reject(failure.error);
  }
}

/**
 * Group commit: all commits that wait share one transaction, in the order of their calls. Versions of streams are
 * remembered between batches, and forgotten where the head is not where this process left it: somebody else wrote.
 */
export class Committer {
  readonly #store: BatchStore;
  readonly #schedule: (run: () => void) => void;
  readonly #listeners = new Listeners();
  readonly #versions = new Map<string, number>();
  /** Where this process left the head; what is in `#versions` holds only there. */
  #position: number | null = null;
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
      commit.line?.break();
      const message = `The journal is behind: ${MAX_WAITING_COMMITS} commits wait already.`;
      return Promise.reject(new JournalError('failed', message, 'Send less, or give the journal a faster disk.'));
    }
    const { promise, resolve, reject } = Promise.withResolvers<CommitResult>();
    this.#queue.push({ commit, resolve, reject });
    this.#wake();
    return promise;
  }

  onCommit(listener: (events: readonly RecordedEvent[]) => void): () => void {
    return this.#listeners.add(listener);
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
    if (failure !== null && failure.when === 'before' && batch.length > 1 && !isOfTheStore(failure)) {
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
      this.#position = done.position;
      for (const [stream, version] of done.versions) this.#remember(stream, version);
      for (const line of done.broken) line.break();
      batch.forEach(({ resolve }, i) => {
        const result = done.results[i];
        if (result !== undefined) resolve(result);
      });
      if (done.wrote) this.#listeners.tell(done.events);
      return null;
    } catch (error) {
      this.#forget();
      return { when, error };
    }
  }

  async #apply(tx: BatchTransaction, commits: readonly Commit[]) {
    const basis = await this.#basis(tx, commits);
    const plan = planBatch(commits, basis);
    const wrote = plan.outcomes.some((outcome) => outcome.kind === 'committed');
    if (wrote) await tx.write(plan.write);

    const events = plan.write.events;
    const firstTime = async ({ firstPosition, eventCount }: Consumed): Promise<Duplicate['events']> => {
      const offset = firstPosition - basis.head.position - 1;
      if (offset >= 0) return events.slice(offset, offset + eventCount);
      const found = eventCount === 0 ? [] : await tx.events(firstPosition, eventCount);
      return found.length === eventCount ? found : 'archived';
    };
    const results: CommitResult[] = [];
    for (const outcome of plan.outcomes) {
      if (outcome.kind !== 'duplicate') results.push(outcome);
      else results.push({ kind: 'duplicate', events: await firstTime(outcome.of) });
    }
    return { position: plan.write.to.position, versions: plan.versions, broken: plan.broken, results, events, wrote };
  }

  async #basis(tx: BatchTransaction, commits: readonly Commit[]): Promise<BatchBasis> {
    const streams = new Set<string>();
    const messageKeys = new Set<string>();
    const expected = new Set<string>();
    for (const { appends, messageKey, keys } of commits) {
      for (const { stream } of appends) streams.add(stream);
      if (messageKey !== null) messageKeys.add(messageKey);
      for (const { id } of keys.expect ?? []) expected.add(id);
    }
    const [known, unknown]: [string[], string[]] = [[], []];
    for (const stream of streams) (this.#versions.has(stream) ? known : unknown).push(stream);
    const basis = await tx.basis({ streams: unknown, messageKeys: [...messageKeys], keys: [...expected] });
    const isAsLeft = basis.head.position === this.#position;
    if (!isAsLeft) this.#forget();
    const rest = isAsLeft || known.length === 0 ? null : await tx.versions(known);
    const versions = new Map(basis.versions);
    for (const stream of known) versions.set(stream, this.#versions.get(stream) ?? rest?.get(stream) ?? 0);
    return { ...basis, versions };
  }

  #forget(): void {
    this.#position = null;
    this.#versions.clear();
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
}

export function closedError(): JournalError {
  return new JournalError('closed', 'The journal is closed.', 'Open it again before using it.');
}

import type { Journal, RecordedEvent } from '../../journal/port.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import type { Actor, FoldedActor } from '../../fold/fold.ts';
import type { Clock } from '../../seams/clock.ts';
import type { LogFields } from '../../seams/log.ts';

/** A snapshot is due at every so many events of a stream. A fold of 100 events takes about a millisecond. */
export const SNAPSHOT_EVERY = 100;
/**
 * A snapshot takes no more room than this much for each event that it saves: the state of a PN with a thousand members,
 * 100 KB, is kept at every 400 events. So all snapshots together are no larger than the events.
 */
const BYTES_PER_EVENT = 256;
/** Streams whose stride is remembered; one that is forgotten is measured again. */
const MAX_STRIDES = 1_000;
/** Actors that wait for their snapshot to be taken; what comes then has to wait for its next turn. */
const MAX_WAITING = 256;
/** One transaction: a few milliseconds of a database, at most so often. */
const MAX_KEPT_AT_ONCE = 64;
const MAX_BYTES_AT_ONCE = 1_048_576;
const FLUSH_MS = 250;

type SnapshotHost = {
  readonly journal: Pick<Journal, 'keepSnapshots'>;
  readonly clock: Clock;
  warn(message: string, fields: LogFields): void;
};

interface Waiting {
  readonly actor: Actor;
  readonly position: number;
}

/**
 * Takes snapshots of the actors of a process beside its steps: they are noted when a commit is durable, and written
 * later, a few at a time, in transactions that no commit is part of. Under load some are left out; when they cannot be
 * written, the next ones are tried, and all that is lost is speed.
 */
export class SnapshotKeeper {
  readonly #host: SnapshotHost;
  readonly #every: number;
  readonly #waiting = new Map<string, Waiting>();
  /** Of streams with large states: at every how many events one is due. */
  readonly #strides = new Map<string, number>();
  #cancel: (() => void) | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #state: 'open' | 'ended' = 'open';

  constructor(host: SnapshotHost, every: number = SNAPSHOT_EVERY) {
    this.#host = host;
    this.#every = every;
  }

  /** A step was committed, and left these actors behind. */
  committed(events: readonly RecordedEvent[], actors: () => Iterable<readonly [string, Actor]>): void {
    const due = events.filter(({ stream, version }) => version % this.#strideOf(stream) === 0);
    if (due.length === 0) return;
    const streams = new Set(due.map(({ stream }) => stream));
    for (const [stream, actor] of actors()) {
      const last = events.findLast((event) => event.stream === stream);
      if (streams.has(stream) && last?.version === actor.version)
        this.#note(stream, { actor, position: last.position });
    }
  }

  /** An actor was brought back from the journal, and that took more events than a snapshot would have left. */
  folded(stream: string, actor: FoldedActor): void {
    if (actor.folded > this.#strideOf(stream)) this.#note(stream, { actor, position: actor.position });
  }

  /** Writes what waits; nothing is written afterwards. */
  async stop(): Promise<void> {
    this.#state = 'ended';
    this.#cancel?.();
    await this.#flushing;
    while (this.#waiting.size > 0) await this.#flush();
  }

  #strideOf(stream: string): number {
    return this.#strides.get(stream) ?? this.#every;
  }

  #note(stream: string, waiting: Waiting): void {
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(stream)) return;
    this.#waiting.set(stream, waiting);
    this.#flushLater();
  }

  #flushLater(): void {
    if (this.#state === 'ended' || this.#waiting.size === 0) return;
    this.#cancel ??= this.#host.clock.after(FLUSH_MS, () => {
      this.#cancel = null;
      this.#flushing = this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const snapshots = [];
    let bytes = 0;
    for (const [stream, { actor, position }] of this.#waiting) {
      if (snapshots.length === MAX_KEPT_AT_ONCE || bytes > MAX_BYTES_AT_ONCE) break;
      this.#waiting.delete(stream);
      const snapshot = snapshotOf(actor.chart, { stream, version: actor.version, position }, actor.state);
      const sizeBytes = Buffer.byteLength(snapshot.state);
      this.#measure(stream, sizeBytes);
      bytes += sizeBytes;
      snapshots.push(snapshot);
    }
    try {
      if (snapshots.length > 0) await this.#host.journal.keepSnapshots(snapshots);
    } catch (error) {
      this.#host.warn('snapshots not kept', { streams: snapshots.length, error: String(error) });
    }
    this.#flushLater();
  }

  /** A power of two of the usual stride, so that the versions at which one is due stay the same while a state grows. */
  #measure(stream: string, sizeBytes: number): void {
    let stride = this.#every;
    while (sizeBytes > stride * BYTES_PER_EVENT) stride *= 2;
    this.#strides.delete(stream);
    if (stride === this.#every) return;
    if (this.#strides.size >= MAX_STRIDES) this.#strides.clear();
    this.#strides.set(stream, stride);
  }
}

/** The same for the streams of a journal itself, which have no runtime: right after their commit. */
export async function keepSnapshotIfDue(
  journal: Pick<Journal, 'keepSnapshots'>,
  actor: Actor,
  events: readonly RecordedEvent[],
): Promise<void> {
  const last = events.at(-1);
  if (last === undefined || last.version !== actor.version || last.version % SNAPSHOT_EVERY !== 0) return;
  // A cache that could not be written: the commit stands all the same.
  await journal.keepSnapshots([snapshotOf(actor.chart, last, actor.state)]).catch(() => undefined);
}

/**
 * The journal: what a role has committed, in one gapless order. It stores opaque events, outgoing messages, timers and
 * wrapped keys, and commits all that one step of an actor produced in one transaction. It knows no CPNS.
 *
 * Adapters: `memory.ts`, `sqlite/`, `postgres/`, all under one `committer.ts`. Each is held to the contract in `test/journal/contract.ts`.
 */

import type { Leases } from './leases.ts';
import type { Frontier } from './merkle/frontier.ts';
import type { TreeSource } from './merkle/tree.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What the committer checks of a stream before it appends. Versions count from 1; a stream without events is at 0. */
export type ExpectedVersion =
  | { readonly kind: 'exactly'; readonly version: number }
  | { readonly kind: 'noStream' }
  | { readonly kind: 'any' };

export interface EventMeta {
  /** Id of the message that led to this event. */
  readonly messageId: string;
  /** One id for all that one registration caused, in the journals of all roles. */
  readonly correlationId: string;
  /** Id of the message or timer that caused it, or null where nothing did. */
  readonly causationId: string | null;
  readonly role: string;
  readonly chart: { readonly id: string; readonly hash: string };
  /** Step of the change request that the event realises, e.g. `1.4.1/3`, or null. */
  readonly crStep: string | null;
  /** RFC 3339, UTC, milliseconds. */
  readonly recordedAt: string;
}

export interface NewEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonObject;
  readonly meta: EventMeta;
}

export interface RecordedEvent extends NewEvent {
  /** Gapless over the whole journal, from 1, in commit order. */
  readonly position: number;
  readonly stream: string;
  /** Gapless within the stream, from 1. */
  readonly version: number;
}

/** An append without events only checks the version: a step that read a stream and relied on it. */
export interface StreamAppend {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly NewEvent[];
}

/** A request that is sent until the receiver's answer is in the journal, which settles it. */
export interface OutboxRow {
  /** Message id; unique in the journal. */
  readonly id: string;
  readonly stream: string;
  readonly subject: string;
  readonly payload: string;
  readonly correlationId: string;
}

/** An answer kept for whoever asks again with the same message. */
export interface StoredAnswer {
  /** Key of the message that it answers. */
  readonly messageKey: string;
  readonly messageId: string;
  readonly subject: string;
  readonly payload: string;
  readonly correlationId: string;
}

export interface TimerRow {
  readonly stream: string;
  /** Unique within the stream; arming it again replaces it. */
  readonly name: string;
  /** Milliseconds since 1970 UTC. */
  readonly dueAt: number;
  /** The event that the actor is given when it is due. */
  readonly event: { readonly type: string; readonly data: JsonObject };
  readonly correlationId: string;
}

export interface WrappedKey {
  readonly id: string;
  /** Ciphertext; the journal never sees a key in the clear. */
  readonly wrapped: Uint8Array;
}

/**
 * Commits of one process of which each was computed on what the one before it leaves, before that was durable. Once one of
 * them is not committed, for whatever reason, no later one is. Versions do not tell: another writer may have brought the
 * streams to those that the later one expects, with events that it was not computed on.
 */
export class Line {
  #state: 'whole' | 'broken' = 'whole';
  get isBroken(): boolean {
    return this.#state === 'broken';
  }
  /** For the committer: one of its commits was not committed. */
  break(): void {
    this.#state = 'broken';
  }
}

/** Everything that one step produced. All of it is committed, or nothing. */
export interface Commit {
  /** Default: it leans on nothing but what is durable. */
  readonly line?: Line | null;
  /** Idempotency key of the message that the step consumed, or null (timers, commands). */
  readonly messageKey: string | null;
  readonly appends: readonly StreamAppend[];
  readonly outbox: { readonly put: readonly OutboxRow[]; readonly settle: readonly string[] };
  readonly answers: readonly StoredAnswer[];
  readonly timers: {
    readonly arm: readonly TimerRow[];
    readonly disarm: readonly { readonly stream: string; readonly name: string }[];
  };
  readonly keys: {
    readonly put: readonly WrappedKey[];
    readonly drop: readonly string[];
    /** What these keys have to be when the step is committed, as they were read; null: not there. */
    readonly expect?: readonly { readonly id: string; readonly wrapped: Uint8Array | null }[];
  };
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly events: readonly RecordedEvent[] }
  /**
   * The message key was committed before: nothing was appended; these are the events of the first time. `archived`: one of
   * them is not in the journal any more, and a part of them is never given for all.
   */
  | { readonly kind: 'duplicate'; readonly events: readonly RecordedEvent[] | 'archived' }
  | {
      readonly kind: 'conflict';
      readonly stream: string;
      readonly expected: ExpectedVersion;
      readonly actual: number;
    }
  /** A key is not what the step expected: nothing was kept. */
  | { readonly kind: 'keyConflict'; readonly id: string }
  /** An earlier commit of its line was not committed: nothing was kept, whatever the versions are. */
  | { readonly kind: 'lineBroken' };

export interface JournalReader {
  /** Highest position, 0 when empty. */
  head(): Promise<number>;
  /**
   * Events of one stream with `version > after`, ascending, at most `limit`.
   * @throws JournalError `archived` where the first of them are in an archive; the same for the next
   */
  readStream(stream: string, range?: ReadRange): Promise<readonly RecordedEvent[]>;
  /** Events with `position > after`, ascending, at most `limit`. */
  readAll(range?: ReadRange): Promise<readonly RecordedEvent[]>;
  readCorrelation(correlationId: string, range?: ReadRange): Promise<readonly RecordedEvent[]>;
}

/**
 * The state that a stream had been folded to at one of its events, kept to fold on from. It is a cache and no part of the
 * record: a journal says the same without any, and whoever reads one checks it. What is in it the journal does not know.
 */
export interface Snapshot {
  readonly stream: string;
  /** Version and position of the last event that is in the state. */
  readonly version: number;
  readonly position: number;
  readonly chart: { readonly id: string; readonly hash: string };
  /** Which program folded it: the hash of a chart's definition does not tell one from another. */
  readonly program: string;
  readonly stateHash: string;
  /** JSON text. */
  readonly state: string;
}

/** Up to which event, both included; default: all that is there. */
export interface AsOf {
  readonly version?: number;
  readonly position?: number;
}

export interface SnapshotReader {
  /** The newest snapshot of a stream that holds no event beyond `asOf`, or null. */
  snapshot(stream: string, asOf?: AsOf): Promise<Snapshot | null>;
  /** Snapshots behind `after` in the order of their streams and versions, at most `limit`. */
  snapshots(range?: SnapshotRange): Promise<readonly Snapshot[]>;
}

export interface SnapshotRange {
  /** Default: before all. */
  readonly after?: SnapshotName;
  /** Default `DEFAULT_READ_LIMIT`. */
  readonly limit?: number;
}

export type SnapshotName = Pick<Snapshot, 'stream' | 'version'>;

/**
 * The state of a stream at the last of its events that are archived. Unlike a snapshot it is no cache: its events are not
 * here any more, and without them and without it the stream cannot be folded.
 */
export type Base = Snapshot;

/** Events that were moved out of the journal, into an archive: the first `upTo`. */
export interface Archived {
  readonly upTo: number;
  /** Right edge of the tree over them. */
  readonly edge: Frontier;
}

export interface BaseChart {
  readonly id: string;
  readonly hash: string;
  readonly bases: number;
}

export interface ArchiveReader {
  /** Null where every event is here. */
  archived(): Promise<Archived | null>;
  /** Null for a stream that has all its events here. */
  base(stream: string): Promise<Base | null>;
  /** Bases of streams behind `after`, in their order, at most `limit`. */
  bases(range?: { readonly after?: string; readonly limit?: number }): Promise<readonly Base[]>;
  /** How many bases were folded through which definition of a chart; their states are not read. */
  baseCharts(): Promise<readonly BaseChart[]>;
}

/** What a stream is folded from. */
export type StreamSource = Pick<JournalReader, 'readStream'> & SnapshotReader & Pick<ArchiveReader, 'base'>;

export interface KeyReader {
  /** Wrapped keys with `id > after`, ascending by id, at most `limit`. */
  wrappedKeys(range: KeyRange): Promise<readonly WrappedKey[]>;
}

export interface KeyRange {
  /** The empty text is before every id. */
  readonly after: string;
  readonly limit: number;
}

export interface ReadRange {
  /** Default 0. */
  readonly after?: number;
  /** Default `DEFAULT_READ_LIMIT`. */
  readonly limit?: number;
}

/** How long the bytes of a dropped key may stay in a file of a journal that is open. */
export const FORGET_WITHIN_MS = 10_000;

/** Reads are bounded; whoever wants more asks again with `after`. */
export const DEFAULT_READ_LIMIT = 1_000;

/** An event as its row has it. */
export interface StoredEvent extends Omit<RecordedEvent, 'data'> {
  /** JSON text. */
  readonly data: string;
  /** Leaf hash of the row, 32 bytes; anything in a journal that was changed by hand. */
  readonly leaf: Uint8Array | null;
}

/** A chart that events were recorded under: each has a definition of its own for every hash. */
export interface RecordedChart {
  readonly id: string;
  readonly hash: string;
  /** Of the first event that names it. */
  readonly firstPosition: number;
}

export interface ChartReader {
  /** Every chart that an event names, by first position; read without reading the events. */
  charts(): Promise<readonly RecordedChart[]>;
}

/** The Merkle tree over all events, RFC 6962: the leaf of the event at position p has index p - 1. */
export interface TreeReader extends TreeSource {
  /** Size and right edge of the tree as of the head. */
  tree(): Promise<Frontier>;
  /** Events as they are stored, `position > after`, ascending, at most `limit`; nothing is checked. */
  stored(range?: ReadRange): Promise<readonly StoredEvent[]>;
}

export interface Journal extends JournalReader, KeyReader, TreeReader, SnapshotReader, ChartReader, ArchiveReader {
  /**
   * Commits one step, together with whatever other steps are waiting (group commit). Commits are applied in the order in
   * which `commit` was called; a conflicting one fails alone. Resolves after the data is durable.
   * Not resent by itself: a message key makes it safe to try again, for what was kept is then a `duplicate`.
   * @throws JournalError `full` when the disk is full, `closed` after close, `unreachable` when the database server did
   * not come back in time: nothing of the step was kept. `failed` when
   * the store refused it or gave out: whether it was kept, the journal tells when it is opened again.
   */
  commit(commit: Commit): Promise<CommitResult>;
  /** Whether a commit with this message key is in the journal. */
  seen(messageKey: string): Promise<boolean>;
  answersTo(messageKey: string): Promise<readonly StoredAnswer[]>;
  /** Unsettled outbox rows in the order of their commit. */
  pendingOutbox(range?: ReadRange): Promise<readonly (OutboxRow & { readonly seq: number })[]>;
  outboxRow(id: string): Promise<OutboxRow | null>;
  /** Armed timers, earliest first. */
  pendingTimers(range?: { readonly limit?: number }): Promise<readonly TimerRow[]>;
  /** How the timer is armed now; null: it is not. */
  timer(stream: string, name: string): Promise<TimerRow | null>;
  wrappedKey(id: string): Promise<Uint8Array | null>;
  /** Of the processes that write this journal; null where only one may. */
  readonly leases: Leases | null;
  /**
   * Takes the bytes of keys that were dropped or replaced out of every file of the journal. A journal that is a file does
   * so by itself while it is open, within `FORGET_WITHIN_MS`.
   * Does nothing where they are `beyondReach`.
   * @throws JournalError `locked` where a reader holds an older state: those bytes stay until it lets go
   */
  forgetDropped(): Promise<void>;
  /**
   * What becomes of the bytes of a key that was dropped. `beyondReach`: the files are a database server's, which keeps dead
   * rows and its own log, so that they are unreadable for good only with the key-encryption key that they are under.
   */
  readonly dropped: 'overwritten' | 'beyondReach';
  /**
   * Keeps snapshots, in a transaction of its own that moves no head; one of the same version is replaced. Of a stream with
   * more than `MAX_SNAPSHOTS` every other one goes, so that what is left lies evenly over its events.
   */
  keepSnapshots(snapshots: readonly Snapshot[]): Promise<void>;
  /** @returns how many there were of them */
  dropSnapshots(which: 'all' | readonly SnapshotName[]): Promise<number>;
  /**
   * Called after each transaction with the events of all its commits, in position order; with none when they only wrote
   * other rows. For waking readers only; they read again.
   */
  onCommit(listener: (events: readonly RecordedEvent[]) => void): () => void;
  close(): Promise<void>;
}

export type JournalFault =
  | 'newer'
  | 'corrupt'
  | 'locked'
  | 'readOnly'
  | 'full'
  | 'closed'
  | 'missing'
  | 'denied'
  | 'unreachable'
  | 'unsafe'
  | 'archived'
  | 'failed';

/** An expected failure of the store, with what to do about it. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly fault: JournalFault;
  readonly remedy: string;
  constructor(fault: JournalFault, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
    this.remedy = remedy;
  }
}

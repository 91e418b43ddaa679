import { appendLeaves, type TreeNode } from './merkle/frontier.ts';
import { leafHash } from './leaf.ts';
import type {
  Commit,
  CommitResult,
  ExpectedVersion,
  Line,
  OutboxRow,
  RecordedChart,
  RecordedEvent,
  StoredAnswer,
  TimerRow,
} from './port.ts';
import type { WrappedKey } from './port.ts';

/** The one row that a batch moves. Both numbers only grow. */
export interface Head {
  readonly position: number;
  readonly outboxSeq: number;
  /** Right edge of the Merkle tree over all events; its size is the position. */
  readonly roots: readonly Uint8Array[];
}

/** The head of a journal without events. */
export const FIRST_HEAD: Head = { position: 0, outboxSeq: 0, roots: [] };

/** What is stored of an event beside its fields. */
export interface Leaf {
  /** Its data as JSON text: what is hashed is what is stored. */
  readonly data: string;
  readonly hash: Uint8Array;
}

/** A message that was committed: its events are `eventCount` positions from `firstPosition` on. */
export interface Consumed {
  readonly messageKey: string;
  readonly firstPosition: number;
  readonly eventCount: number;
}

/** All that one transaction writes. Deletions come before insertions in each table. */
export interface BatchWrite {
  readonly from: Head;
  readonly to: Head;
  readonly events: readonly RecordedEvent[];
  /** One for each event, in their order. */
  readonly leaves: readonly Leaf[];
  /** Nodes to keep that these events complete. */
  readonly nodes: readonly TreeNode[];
  readonly consumed: readonly Consumed[];
  readonly outbox: { readonly settle: readonly string[]; readonly put: readonly (OutboxRow & { seq: number })[] };
  readonly answers: readonly StoredAnswer[];
  readonly timers: {
    readonly disarm: readonly { readonly stream: string; readonly name: string }[];
    readonly arm: readonly TimerRow[];
  };
  readonly keys: { readonly drop: readonly string[]; readonly put: readonly WrappedKey[] };
}

/** What the store knows before the batch. */
export interface BatchBasis {
  readonly head: Head;
  /** Versions of the streams that the batch names; those without events may be missing. */
  readonly versions: ReadonlyMap<string, number>;
  /** Those message keys of the batch that the store has seen. */
  readonly consumed: ReadonlyMap<string, Consumed>;
  /** Those of the keys with an expectation that are there, as they are stored. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

export type Outcome =
  | Exclude<CommitResult, { kind: 'duplicate' }>
  | { readonly kind: 'duplicate'; readonly of: Consumed };

const LINE_BROKEN = { kind: 'lineBroken' } as const;

export interface BatchPlan {
  /** One for each commit, in their order. */
  readonly outcomes: readonly Outcome[];
  readonly write: BatchWrite;
  /** Streams that the batch moves, at their new versions. */
  readonly versions: ReadonlyMap<string, number>;
  /** Lines of commits that were not committed. */
  readonly broken: ReadonlySet<Line>;
}

/** What happens to one key of a table within a batch: the last word counts, an insertion may follow a deletion. */
interface Fate<Key, Row> {
  readonly key: Key;
  readonly deleted: boolean;
  readonly row: Row | null;
}

class Fates<Key, Row> {
  readonly #fates = new Map<string, Fate<Key, Row>>();
  delete(id: string, key: Key): void {
    this.#fates.delete(id);
    this.#fates.set(id, { key, deleted: true, row: null });
  }
  /** `first`: a row that is there stays (a message is what it was); `last`: the new one replaces it. */
  put(id: string, key: Key, row: Row, wins: 'first' | 'last'): void {
    const fate = this.#fates.get(id);
    if (fate !== undefined && fate.row !== null && wins === 'first') return;
    // Where it stands among the others is where it was put last.
    this.#fates.delete(id);
    this.#fates.set(id, { key, deleted: fate?.deleted ?? false, row });
  }
  deleted(): Key[] {
    return [...this.#fates.values()].filter((fate) => fate.deleted).map((fate) => fate.key);
  }
  /** What the batch has made of the key so far: undefined where it has not touched it, null where it is gone. */
  of(id: string): Row | null | undefined {
    return this.#fates.get(id)?.row;
  }
  rows(): Row[] {
    return [...this.#fates.values()].flatMap((fate) => (fate.row === null ? [] : [fate.row]));
  }
}

function isMet(expected: ExpectedVersion, actual: number): boolean {
  switch (expected.kind) {
    case 'any':
      return true;
    case 'noStream':
      return actual === 0;
    case 'exactly':
      return actual === expected.version;
  }
}

/**
 * Decides a batch of commits in their order, without I/O. A commit sees what the earlier ones of the batch append, so it
 * may expect a version that is not durable yet; where the earlier one is not committed, so is none that leans on it: by the
 * version, or by the line where somebody else has made up that version.
 */
export function planBatch(commits: readonly Commit[], basis: BatchBasis): BatchPlan {
  let { position, outboxSeq } = basis.head;
  const events: RecordedEvent[] = [];
  const versions = new Map<string, number>();
  const consumed = new Map<string, Consumed>();
  const answers: StoredAnswer[] = [];
  const outbox = new Fates<string, OutboxRow>();
  const timers = new Fates<{ stream: string; name: string }, TimerRow>();
  const keys = new Fates<string, WrappedKey>();
  const broken = new Set<Line>();

  const decide = (commit: Commit): Outcome => {
    const { messageKey } = commit;
    const of = messageKey === null ? undefined : (consumed.get(messageKey) ?? basis.consumed.get(messageKey));
    if (of !== undefined) return { kind: 'duplicate', of };
    if (commit.line && (commit.line.isBroken || broken.has(commit.line))) return LINE_BROKEN;

    const moved = new Map<string, number>();
    for (const { stream, expected, events: added } of commit.appends) {
      const actual = moved.get(stream) ?? versions.get(stream) ?? basis.versions.get(stream) ?? 0;
      if (!isMet(expected, actual)) return { kind: 'conflict', stream, expected, actual };
      if (added.length > 0) moved.set(stream, actual + added.length);
    }
    for (const { id, wrapped } of commit.keys.expect ?? []) {
      const touched = keys.of(id);
      const actual = touched === undefined ? (basis.keys.get(id) ?? null) : (touched?.wrapped ?? null);
      if (!isSame(actual, wrapped)) return { kind: 'keyConflict', id };
    }

    const recorded: RecordedEvent[] = [];
    const firstPosition = position + 1;
    for (const { stream, events: added } of commit.appends) {
      let version = versions.get(stream) ?? basis.versions.get(stream) ?? 0;
      for (const { type, schemaVersion, data, meta } of added) {
        recorded.push({ position: ++position, stream, version: ++version, type, schemaVersion, data, meta });
      }
      if (added.length > 0) versions.set(stream, version);
    }
    for (const event of recorded) events.push(event);
    if (messageKey !== null) consumed.set(messageKey, { messageKey, firstPosition, eventCount: recorded.length });
    for (const id of commit.outbox.settle) outbox.delete(id, id);
    for (const row of commit.outbox.put) outbox.put(row.id, row.id, row, 'first');
    for (const answer of commit.answers) answers.push(answer);
    for (const { stream, name } of commit.timers.disarm) timers.delete(timerId(stream, name), { stream, name });
    for (const row of commit.timers.arm) timers.put(timerId(row.stream, row.name), row, row, 'last');
    for (const id of commit.keys.drop) keys.delete(id, id);
    for (const key of commit.keys.put) keys.put(key.id, key.id, key, 'last');
    return { kind: 'committed', events: recorded };
  };

  const outcomes = commits.map((commit) => {
    const outcome = decide(commit);
    if (outcome.kind !== 'committed' && commit.line) broken.add(commit.line);
    return outcome;
  });
  const leaves = events.map(toLeaf);
  const before = { size: basis.head.position, roots: basis.head.roots };
  const { frontier, completed } = appendLeaves(
    before,
    leaves.map(({ hash }) => hash),
  );
  const put = outbox.rows().map((row) => ({ ...row, seq: ++outboxSeq }));
  const write: BatchWrite = {
    from: basis.head,
    to: { position, outboxSeq, roots: frontier.roots },
    events,
    leaves,
    nodes: completed,
    consumed: [...consumed.values()],
    outbox: { settle: outbox.deleted(), put },
    answers,
    timers: { disarm: timers.deleted(), arm: timers.rows() },
    keys: { drop: keys.deleted(), put: keys.rows() },
  };
  return { outcomes, write, versions, broken };
}

function isSame(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}

/** @throws RangeError for an event that has no leaf: its commit fails, alone */
function toLeaf(event: RecordedEvent): Leaf {
  const data = JSON.stringify(event.data);
  return { data, hash: leafHash(event, data) };
}

/** The charts that events name, each once. */
export function chartsOf(events: readonly RecordedEvent[]): readonly RecordedChart[] {
  const found = new Map<string, RecordedChart>();
  let last: RecordedEvent['meta']['chart'] | null = null;
  for (const { position, meta } of events) {
    const { id, hash } = meta.chart;
    if (last?.id === id && last.hash === hash) continue;
    last = meta.chart;
    const name = `${id} ${hash}`;
    if (!found.has(name)) found.set(name, { id, hash, firstPosition: position });
  }
  return [...found.values()];
}

/** A stream name holds no line break (its ids are `[a-z0-9_-]`), so the pair is unambiguous. */
function timerId(stream: string, name: string): string {
  return `${stream}\n${name}`;
}

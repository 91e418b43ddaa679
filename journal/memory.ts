import { chartsOf, FIRST_HEAD, type BatchWrite, type Consumed, type Head } from './batch.ts';
import { Committer, closedError } from './committer.ts';
import { Follower } from './follower.ts';
import type { Leases, Renewal } from './leases.ts';
import type { BatchTransaction } from './committer.ts';
import type { AsOf, Commit, CommitResult, Journal, KeyRange, OutboxRow, ReadRange, RecordedEvent } from './port.ts';
import type {
  RecordedChart,
  Snapshot,
  SnapshotName,
  SnapshotRange,
  StoredAnswer,
  StoredEvent,
  TimerRow,
  WrappedKey,
} from './port.ts';
import type { Frontier, TreeNode } from './merkle/frontier.ts';
import { bounded } from './range.ts';
import { surplusOf } from './snapshots.ts';

/** What the simulated disk holds. It outlives the journals that are opened on it, as a file outlives a process. */
export class MemoryDisk {
  head: Head = FIRST_HEAD;
  /** As JSON text, so that nobody holds a reference into the journal. */
  readonly events: string[] = [];
  readonly leaves: Uint8Array[] = [];
  readonly nodes: TreeNode[] = [];
  readonly streams = new Map<string, number[]>();
  readonly correlations = new Map<string, number[]>();
  readonly consumed = new Map<string, Consumed>();
  readonly outbox = new Map<string, OutboxRow & { readonly seq: number }>();
  readonly answers = new Map<string, readonly StoredAnswer[]>();
  readonly timers = new Map<string, string>();
  readonly keys = new Map<string, Uint8Array>();
  readonly charts = new Map<string, RecordedChart>();
  /** By stream and version. */
  readonly snapshots = new Map<string, ReadonlyMap<number, Snapshot>>();
  /** Until when, by the id of the process. */
  readonly leases = new Map<string, number>();
  /** The journals that may write. One that is opened alone takes the disk over: the former process is dead. */
  readonly owners = new Set<MemoryJournal>();
  /** The transaction under way, of whichever of them: the others wait, as for the head of a database. */
  turn: Promise<unknown> = Promise.resolve();
}

/** Where a test makes the disk fail. Whatever a hook throws, the commits of the batch are rejected with. */
export interface MemoryFaults {
  /** Before anything is kept, e.g. `throw new JournalError('full', ...)`. */
  beforeCommit?(write: BatchWrite): void;
  /** After all is kept: what a caller sees whose process dies before it hears of its commit. */
  afterCommit?(write: BatchWrite): void;
}

/** The simulated twin of the SQLite journal: same committer, same contract, no I/O, no timers. */
export class MemoryJournal implements Journal {
  readonly dropped = 'overwritten';
  readonly #disk: MemoryDisk;
  readonly #faults: MemoryFaults;
  readonly #committer: Committer;
  readonly #follower: Follower;
  readonly leases: Leases | null;

  /**
   * @param options.schedule when a batch starts, as of the committer: `setImmediate` makes a disk that takes its time
   * @param options.shared beside other journals on the disk that were opened so, with leases by this clock
   */
  constructor(
    options: {
      readonly disk?: MemoryDisk;
      readonly faults?: MemoryFaults;
      readonly schedule?: (run: () => void) => void;
      readonly shared?: { now(): number };
    } = {},
  ) {
    this.#disk = options.disk ?? new MemoryDisk();
    this.#faults = options.faults ?? {};
    if (options.shared === undefined) this.#disk.owners.clear();
    this.#disk.owners.add(this);
    this.leases = options.shared === undefined ? null : new MemoryLeases(() => this.#open(), options.shared);
    this.#follower = new Follower(this, this.#disk.head.position);
    this.#committer = new Committer(
      { transaction: (work) => this.#transaction(work) },
      options.schedule ?? queueMicrotask,
    );
    this.#committer.onCommit((events) => {
      this.#follower.committed(events);
      for (const other of this.#disk.owners) if (other !== this) other.#follower.catchUp().catch(() => undefined);
    });
  }

  commit(commit: Commit): Promise<CommitResult> {
    return this.#committer.commit(commit);
  }
  onCommit(listener: (events: readonly RecordedEvent[]) => void): () => void {
    return this.#follower.add(listener);
  }
  async head(): Promise<number> {
    return this.#open().head.position;
  }
  async readStream(stream: string, range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    return this.#events((this.#open().streams.get(stream) ?? []).slice(after, after + limit));
  }
  async readAll(range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    return this.#open()
      .events.slice(after, after + limit)
      .map((text): RecordedEvent => JSON.parse(text));
  }
  async readCorrelation(correlationId: string, range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const positions = this.#open().correlations.get(correlationId) ?? [];
    return this.#events(positions.filter((position) => position > after).slice(0, limit));
  }
  async seen(messageKey: string): Promise<boolean> {
    return this.#open().consumed.has(messageKey);
  }
  async answersTo(messageKey: string): Promise<readonly StoredAnswer[]> {
    return this.#open().answers.get(messageKey) ?? [];
  }
  async pendingOutbox(range?: ReadRange): Promise<readonly (OutboxRow & { readonly seq: number })[]> {
    const { after, limit } = bounded(range);
    const rows = [...this.#open().outbox.values()].filter((row) => row.seq > after);
    return rows.toSorted((a, b) => a.seq - b.seq).slice(0, limit);
  }
  async outboxRow(id: string): Promise<OutboxRow | null> {
    const found = this.#open().outbox.get(id);
    if (found === undefined) return null;
    const { seq: _, ...row } = found;
    return row;
  }
  async pendingTimers(range?: { readonly limit?: number }): Promise<readonly TimerRow[]> {
    const timers = [...this.#open().timers.values()].map((text): TimerRow => JSON.parse(text));
    return timers.toSorted(byDueTime).slice(0, bounded(range).limit);
  }
  async timer(stream: string, name: string): Promise<TimerRow | null> {
    const text = this.#open().timers.get(JSON.stringify([stream, name]));
    return text === undefined ? null : JSON.parse(text);
  }
  async wrappedKey(id: string): Promise<Uint8Array | null> {
    return this.#open().keys.get(id)?.slice() ?? null;
  }
  async wrappedKeys({ after, limit }: KeyRange): Promise<readonly WrappedKey[]> {
    const rows = [...this.#open().keys].map(([id, wrapped]) => ({ id, wrapped: wrapped.slice() }));
    return rows
      .filter(({ id }) => id > after)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }
  /** Nothing to do: the simulated disk keeps no older state. */
  async forgetDropped(): Promise<void> {
    this.#open();
  }
  async snapshot(stream: string, asOf: AsOf = {}): Promise<Snapshot | null> {
    const { version = Number.MAX_SAFE_INTEGER, position = Number.MAX_SAFE_INTEGER } = asOf;
    const kept = [...(this.#open().snapshots.get(stream)?.values() ?? [])];
    const due = kept.filter((one) => one.version <= version && one.position <= position);
    return due.toSorted((a, b) => b.version - a.version)[0] ?? null;
  }
  async snapshots({ after, limit }: SnapshotRange = {}): Promise<readonly Snapshot[]> {
    const all = [...this.#open().snapshots.values()].flatMap((ofStream) => [...ofStream.values()]);
    return all
      .filter((one) => after === undefined || bySnapshotName(one, after) > 0)
      .toSorted(bySnapshotName)
      .slice(0, bounded({ limit }).limit);
  }
  async keepSnapshots(snapshots: readonly Snapshot[]): Promise<void> {
    const disk = this.#open();
    for (const one of snapshots) {
      const kept = new Map(disk.snapshots.get(one.stream)).set(one.version, { ...one });
      for (const version of surplusOf([...kept.keys()])) kept.delete(version);
      disk.snapshots.set(one.stream, kept);
    }
  }
  async dropSnapshots(which: 'all' | readonly SnapshotName[]): Promise<number> {
    const disk = this.#open();
    const names = which === 'all' ? [...disk.snapshots.values()].flatMap((kept) => [...kept.values()]) : which;
    let dropped = 0;
    for (const { stream, version } of names) {
      const kept = new Map(disk.snapshots.get(stream));
      if (kept.delete(version)) dropped += 1;
      disk.snapshots.set(stream, kept);
    }
    return dropped;
  }
  /** Nothing is ever moved out of the simulated disk. */
  async archived(): Promise<null> {
    return null;
  }
  async base(): Promise<null> {
    return null;
  }
  async bases(): Promise<readonly []> {
    return [];
  }
  async baseCharts(): Promise<readonly []> {
    return [];
  }
  async charts(): Promise<readonly RecordedChart[]> {
    return [...this.#open().charts.values()];
  }
  async tree(): Promise<Frontier> {
    const { position, roots } = this.#open().head;
    return { size: position, roots };
  }
  async stored(range?: ReadRange): Promise<readonly StoredEvent[]> {
    const { leaves } = this.#open();
    const events = await this.readAll(range);
    return events.map(({ data, ...event }) => {
      return { ...event, data: JSON.stringify(data), leaf: leaves[event.position - 1] ?? null };
    });
  }
  async leaves(from: number, to: number): Promise<readonly Uint8Array[]> {
    return this.#open().leaves.slice(from, to);
  }
  async nodes(level: number, from: number, to: number): Promise<readonly Uint8Array[]> {
    const ofLevel = this.#open().nodes.filter((node) => node.level === level);
    return ofLevel.slice(from, to).map(({ hash }) => hash);
  }
  async close(): Promise<void> {
    await this.#committer.close();
    this.#disk.owners.delete(this);
  }

  #open(): MemoryDisk {
    if (!this.#disk.owners.has(this)) throw closedError();
    return this.#disk;
  }

  #events(positions: readonly number[]): RecordedEvent[] {
    return positions.flatMap((position): RecordedEvent[] => {
      const text = this.#disk.events[position - 1];
      return text === undefined ? [] : [JSON.parse(text)];
    });
  }

  #transaction<T>(work: (tx: BatchTransaction) => Promise<T>): Promise<T> {
    const done = this.#disk.turn.then(() => this.#exclusively(work));
    this.#disk.turn = done.catch(() => undefined);
    return done;
  }

  async #exclusively<T>(work: (tx: BatchTransaction) => Promise<T>): Promise<T> {
    const disk = this.#open();
    const written: BatchWrite[] = [];
    const versions = (streams: readonly string[]): ReadonlyMap<string, number> =>
      new Map(streams.map((stream) => [stream, disk.streams.get(stream)?.length ?? 0]));
    const result = await work({
      basis: async ({ streams, messageKeys, keys }) => ({
        keys: new Map(
          keys.flatMap((id): [string, Uint8Array][] => {
            const found = disk.keys.get(id);
            return found === undefined ? [] : [[id, found]];
          }),
        ),
        head: disk.head,
        versions: versions(streams),
        consumed: new Map(
          messageKeys.flatMap((key): [string, Consumed][] => {
            const found = disk.consumed.get(key);
            return found === undefined ? [] : [[key, found]];
          }),
        ),
      }),
      versions: async (streams) => versions(streams),
      events: async (first, count) => this.#events(Array.from({ length: count }, (_, i) => first + i)),
      write: async (batch) => {
        this.#faults.beforeCommit?.(batch);
        written.push(batch);
      },
    });
    this.#open();
    for (const batch of written) {
      keep(disk, batch);
      this.#faults.afterCommit?.(batch);
    }
    return result;
  }
}

class MemoryLeases implements Leases {
  readonly #disk: () => MemoryDisk;
  readonly #clock: { now(): number };
  constructor(disk: () => MemoryDisk, clock: { now(): number }) {
    this.#disk = disk;
    this.#clock = clock;
  }
  async renew(id: string, forMs: number): Promise<Renewal> {
    const { leases } = this.#disk();
    const now = this.#clock.now();
    const held = (leases.get(id) ?? 0) > now;
    leases.set(id, now + forMs);
    const others = [...leases].filter(([other, until]) => other !== id && until > now).map(([other]) => other);
    return { held, others: others.toSorted() };
  }
  async giveBack(id: string): Promise<void> {
    this.#disk().leases.delete(id);
  }
}

function keep(disk: MemoryDisk, write: BatchWrite): void {
  for (const event of write.events) {
    disk.events.push(JSON.stringify(event));
    append(disk.streams, event.stream, event.position);
    append(disk.correlations, event.meta.correlationId, event.position);
  }
  for (const chart of chartsOf(write.events)) {
    const name = `${chart.id} ${chart.hash}`;
    if (!disk.charts.has(name)) disk.charts.set(name, chart);
  }
  for (const { hash } of write.leaves) disk.leaves.push(hash);
  for (const node of write.nodes) disk.nodes.push(node);
  for (const consumed of write.consumed) disk.consumed.set(consumed.messageKey, consumed);
  for (const id of write.outbox.settle) disk.outbox.delete(id);
  for (const row of write.outbox.put) if (!disk.outbox.has(row.id)) disk.outbox.set(row.id, { ...row });
  for (const answer of write.answers) {
    const rows = disk.answers.get(answer.messageKey) ?? [];
    if (!rows.some((row) => row.messageId === answer.messageId)) {
      disk.answers.set(answer.messageKey, [...rows, { ...answer }]);
    }
  }
  for (const { stream, name } of write.timers.disarm) disk.timers.delete(JSON.stringify([stream, name]));
  for (const row of write.timers.arm) disk.timers.set(JSON.stringify([row.stream, row.name]), JSON.stringify(row));
  for (const id of write.keys.drop) disk.keys.delete(id);
  for (const key of write.keys.put) disk.keys.set(key.id, key.wrapped.slice());
  disk.head = write.to;
}

function append(index: Map<string, number[]>, key: string, position: number): void {
  const positions = index.get(key);
  if (positions === undefined) index.set(key, [position]);
  else positions.push(position);
}

/** Earliest first; ties by stream and name, by code unit, as SQLite's binary collation orders ASCII. */
function byDueTime(a: TimerRow, b: TimerRow): number {
  if (a.dueAt !== b.dueAt) return a.dueAt - b.dueAt;
  if (a.stream !== b.stream) return a.stream < b.stream ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function bySnapshotName(a: SnapshotName, b: SnapshotName): number {
  if (a.stream !== b.stream) return a.stream < b.stream ? -1 : 1;
  return a.version - b.version;
}

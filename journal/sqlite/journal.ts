import type { Kysely } from 'kysely';
import { Committer } from '../committer.ts';
import type { Durability } from '../durability.ts';
import type { AsOf, Base, Commit, CommitResult, Journal, OutboxRow, ReadRange, RecordedEvent } from '../port.ts';
import type { Snapshot, SnapshotName, StoredAnswer, TimerRow } from '../port.ts';
import { bounded } from '../range.ts';
import { SqlReader } from '../sql/reader.ts';
import { toAnswer, toEvent, toOutboxRow, toSnapshot, toTimer } from '../sql/rows.ts';
import { dropSnapshots, keepSnapshots } from '../sql/snapshots.ts';
import type { JournalTables } from '../sql/tables.ts';
import type { NodeSqliteConnection } from './dialect.ts';
import type { Forgetter } from './forget.ts';
import type { PointReads } from './point-reads.ts';
import { SQLITE } from './schema.ts';
import { SqliteStore } from './store.ts';

/**
 * A batch waits for one more turn of the event loop than the one that asked for it: the messages that came in while the
 * last batch was being synced are read in that turn, and share the next. With 256 registrations in flight that is a
 * fifth fewer transactions; a commit that is alone waits some 20 us longer.
 */
const afterTheNextTurn = (run: () => void): void => void setImmediate(() => setImmediate(run));

/** The journal of one process in one SQLite file. `openSqliteJournal` makes it. */
export class SqliteJournal extends SqlReader implements Journal {
  readonly dropped = 'overwritten';
  /** The only writing connection. Read models write through it too; their transactions and batches take turns. */
  readonly writer: Kysely<JournalTables>;
  /** What SQLite said of its settings at the start. */
  readonly durability: Durability;
  readonly leases = null;
  readonly #committer: Committer;
  readonly #points: PointReads;
  readonly #forgetter: Forgetter;

  constructor(options: {
    readonly file: string;
    readonly writer: Kysely<JournalTables>;
    /** That of `writer`. */
    readonly connection: NodeSqliteConnection;
    readonly reader: Kysely<JournalTables>;
    readonly points: PointReads;
    readonly forgetter: Forgetter;
    readonly durability: Durability;
    readonly close: () => void;
  }) {
    super(options.reader, SQLITE, options.close);
    this.#forgetter = options.forgetter;
    this.writer = options.writer;
    this.durability = options.durability;
    this.#points = options.points;
    const { writer: db, connection, file, forgetter } = options;
    this.#committer = new Committer(new SqliteStore({ db, connection, file, forgetter }), afterTheNextTurn);
  }

  commit(commit: Commit): Promise<CommitResult> {
    return this.#committer.commit(commit);
  }

  onCommit(listener: (events: readonly RecordedEvent[]) => void): () => void {
    return this.#committer.onCommit(listener);
  }

  override async readStream(stream: string, range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    return this.wholeStream(stream, after, this.#points.stream(stream, after, limit).map(toEvent));
  }

  override async base(stream: string): Promise<Base | null> {
    const row = this.#points.base(stream);
    return row === undefined ? null : toSnapshot(row);
  }

  override async snapshot(stream: string, asOf: AsOf = {}): Promise<Snapshot | null> {
    const { version = Number.MAX_SAFE_INTEGER, position = Number.MAX_SAFE_INTEGER } = asOf;
    const row = this.#points.snapshot(stream, version, position);
    return row === undefined ? null : toSnapshot(row);
  }

  keepSnapshots(snapshots: readonly Snapshot[]): Promise<void> {
    return keepSnapshots(this.writer, SQLITE, snapshots);
  }

  dropSnapshots(which: 'all' | readonly SnapshotName[]): Promise<number> {
    return dropSnapshots(this.writer, which);
  }

  async seen(messageKey: string): Promise<boolean> {
    return this.#points.isConsumed(messageKey);
  }

  async answersTo(messageKey: string): Promise<readonly StoredAnswer[]> {
    return this.#points.answers(messageKey).map(toAnswer);
  }

  async outboxRow(id: string): Promise<OutboxRow | null> {
    const row = this.#points.outboxRow(id);
    return row === undefined ? null : toOutboxRow(row);
  }

  async timer(stream: string, name: string): Promise<TimerRow | null> {
    const row = this.#points.timer(stream, name);
    return row === undefined ? null : toTimer(row);
  }

  async wrappedKey(id: string): Promise<Uint8Array | null> {
    return this.#points.wrappedKey(id) ?? null;
  }

  async forgetDropped(): Promise<void> {
    this.#forgetter.now();
  }

  /** Commits what waits, then closes. */
  override async close(): Promise<void> {
    await this.#committer.close();
    this.#forgetter.end();
    await super.close();
  }
}

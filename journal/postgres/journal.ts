import type { CompiledQuery, Kysely } from 'kysely';
import { Committer } from '../committer.ts';
import type { Durability } from '../durability.ts';
import { Follower } from '../follower.ts';
import type { AsOf, Base, Commit, CommitResult, Journal, OutboxRow, ReadRange, RecordedEvent } from '../port.ts';
import type { Snapshot, SnapshotName, StoredAnswer, TimerRow } from '../port.ts';
import { JournalError } from '../port.ts';
import { bounded } from '../range.ts';
import { compilePointQueries } from '../sql/point-queries.ts';
import { SqlReader } from '../sql/reader.ts';
import { toAnswer, toEvent, toOutboxRow, toSnapshot, toTimer } from '../sql/rows.ts';
import { dropSnapshots, keepSnapshots } from '../sql/snapshots.ts';
import type { JournalTables } from '../sql/tables.ts';
import type { Address } from './address.ts';
import { Announcements } from './announcements.ts';
import type { Connection } from './connection.ts';
import type { Database } from './dialect.ts';
import { Link } from './link.ts';
import type { Writers } from './lock.ts';
import { PostgresLeases } from './leases.ts';
import { lockFor } from './lock.ts';
import { POSTGRES } from './schema.ts';
import { PostgresStore } from './store.ts';

/**
 * The journal of one process on a PostgreSQL database, which other processes may write as well. `openPostgresJournal`
 * makes it. Connections: one commits, one makes point reads, one listens; read models and long reads have a pool each.
 */
export class PostgresJournal extends SqlReader implements Journal {
  readonly dropped = 'beyondReach';
  /** For read models; their transactions and batches do not wait for each other. */
  readonly writer: Kysely<JournalTables>;
  /** What the server said of its settings at the start. */
  readonly durability: Durability;
  readonly leases: PostgresLeases | null;
  readonly #committer: Committer;
  readonly #points: Link;
  readonly #queries: ReturnType<typeof compilePointQueries>;
  readonly #follower: Follower;
  readonly #end: () => Promise<void>;
  /** Why this process may not commit any more. */
  #fenced: JournalError | null = null;
  #closing: Promise<void> | null = null;
  #hasArchive: Promise<boolean> | null = null;

  constructor(options: {
    readonly address: Address;
    readonly durability: Durability;
    readonly reading: Database;
    readonly writing: Database;
    /** Listens. */
    readonly connection: Connection;
    /** Id of this process among the writers. */
    readonly writer: string;
    readonly head: number;
    readonly writers: Writers;
  }) {
    const { address, reading, writing, connection, writer, writers } = options;
    super(reading.kysely, POSTGRES, () => reading.close());
    this.writer = writing.kysely;
    this.durability = options.durability;
    this.#queries = compilePointQueries(reading.kysely, POSTGRES);
    this.#points = new Link(address, 'reads');
    this.#follower = new Follower(this, options.head);
    const onConnect = async (made: Connection): Promise<void> => {
      // With its connection the lock was lost; who has taken it since is the one that commits.
      await lockFor(writers, made, address).catch((error: unknown) => this.#fence(error));
    };
    const announcements = new Announcements({ address, connection, writer, follower: this.#follower, onConnect });
    this.leases = writers === 'several' ? new PostgresLeases(address) : null;
    const commits = new Link(address, 'commits');
    const store = new PostgresStore({ link: commits, db: writing.kysely, name: address.name, writer });
    // What came in while the last batch was under way shares the next one; its round trips take longer than a turn.
    this.#committer = new Committer(store, (run) => void setImmediate(run));
    this.#committer.onCommit((events) => this.#follower.committed(events));
    this.#end = async () => {
      await this.#committer.close();
      await announcements.close();
      // Best effort: the row tells whether a batch was kept that is decided by now.
      await this.writer
        .deleteFrom('writers')
        .where('id', '=', writer)
        .execute()
        .catch(() => undefined);
      commits.close();
      this.#points.close();
      this.leases?.close();
      await writing.close();
    };
  }

  commit(commit: Commit): Promise<CommitResult> {
    return this.#fenced === null ? this.#committer.commit(commit) : Promise.reject(this.#fenced);
  }

  /** Tells of other processes' commits as well; those come a moment later, and in pages that are not their batches. */
  onCommit(listener: (events: readonly RecordedEvent[]) => void): () => void {
    return this.#follower.add(listener);
  }

  override async readStream(stream: string, range?: ReadRange): Promise<readonly RecordedEvent[]> {
    const { after, limit } = bounded(range);
    const events = (await this.#rows(this.#queries.stream, [stream, after, limit])).map(toEvent);
    return this.wholeStream(stream, after, events);
  }

  override async base(stream: string): Promise<Base | null> {
    // Whoever archives has the journal alone: as long as it is open, none comes.
    this.#hasArchive ??= this.archived().then((archived) => archived !== null);
    if (!(await this.#hasArchive)) return null;
    const [row] = await this.#rows(this.#queries.base, [stream]);
    return row === undefined ? null : toSnapshot(row);
  }

  override async snapshot(stream: string, asOf: AsOf = {}): Promise<Snapshot | null> {
    const { version = Number.MAX_SAFE_INTEGER, position = Number.MAX_SAFE_INTEGER } = asOf;
    const [row] = await this.#rows(this.#queries.snapshot, [stream, version, position, 1]);
    return row === undefined ? null : toSnapshot(row);
  }

  keepSnapshots(snapshots: readonly Snapshot[]): Promise<void> {
    return keepSnapshots(this.writer, POSTGRES, snapshots);
  }

  dropSnapshots(which: 'all' | readonly SnapshotName[]): Promise<number> {
    return dropSnapshots(this.writer, which);
  }

  async seen(messageKey: string): Promise<boolean> {
    return (await this.#rows(this.#queries.inbox, [messageKey])).length > 0;
  }

  async answersTo(messageKey: string): Promise<readonly StoredAnswer[]> {
    return (await this.#rows(this.#queries.answers, [messageKey])).map(toAnswer);
  }

  async outboxRow(id: string): Promise<OutboxRow | null> {
    const [row] = await this.#rows(this.#queries.outbox, [id]);
    return row === undefined ? null : toOutboxRow(row);
  }

  async timer(stream: string, name: string): Promise<TimerRow | null> {
    const [row] = await this.#rows(this.#queries.timer, [stream, name]);
    return row === undefined ? null : toTimer(row);
  }

  async wrappedKey(id: string): Promise<Uint8Array | null> {
    const [row] = await this.#rows(this.#queries.key, [id]);
    return row?.wrapped ?? null;
  }

  /** No client can overwrite a dead row, nor the write-ahead log of the server. */
  async forgetDropped(): Promise<void> {}

  /** Commits what waits, then closes. */
  override close(): Promise<void> {
    return (this.#closing ??= this.#end().then(() => super.close()));
  }

  /** @throws whatever is no proof that another process has taken over */
  #fence(error: unknown): void {
    if (!(error instanceof JournalError) || error.fault !== 'locked') throw error;
    this.#fenced = error;
  }

  #rows<Row>(query: CompiledQuery<Row>, parameters: readonly unknown[]): Promise<readonly Row[]> {
    return this.#points.read({ ...query, parameters });
  }
}

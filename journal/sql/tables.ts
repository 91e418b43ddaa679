/** The tables of the journal, as `migrations.ts` creates them. */
export interface JournalTables {
  readonly events: EventsTable;
  /** One row, moved by every batch: the reason why positions are gapless and in commit order. */
  readonly head: { readonly id: 1; readonly position: number; readonly outbox_seq: number; readonly roots: Uint8Array };
  /** Of the Merkle tree, the nodes of every eighth level. */
  readonly merkle_nodes: { readonly level: number; readonly idx: number; readonly hash: Uint8Array };
  readonly inbox: { readonly message_key: string; readonly first_position: number; readonly event_count: number };
  readonly outbox: OutboxTable;
  readonly answers: AnswersTable;
  readonly timers: TimersTable;
  readonly keys: { readonly id: string; readonly wrapped: Uint8Array };
  /** Each chart that an event names. */
  readonly charts: { readonly id: string; readonly hash: string; readonly first_position: number };
  /** One row once events were archived: how many, and the edge of the tree over them. */
  readonly archive: { readonly id: 1; readonly up_to: number; readonly roots: Uint8Array };
  /** Leaf hashes of archived events, 256 in a row: proofs go on without the archive. */
  readonly archived_leaves: { readonly idx: number; readonly hashes: Uint8Array };
  /** What streams with archived events are folded from. No cache. */
  readonly bases: SnapshotsTable;
  /** A cache; no row of it is part of the record. */
  readonly snapshots: SnapshotsTable;
  /** Where several processes write: the number of the last batch of each that was kept. */
  readonly writers: { readonly id: string; readonly batch: number; readonly written_at: Date };
}

export interface EventsTable {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schema_version: number;
  /** JSON. */
  readonly data: string;
  readonly message_id: string;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly role: string;
  readonly chart_id: string;
  readonly chart_hash: string;
  readonly cr_step: string | null;
  readonly recorded_at: string;
  /** Leaf hash of the row, 32 bytes. */
  readonly leaf: Uint8Array;
}

/** An event as it is read: its leaf is read apart. */
export type EventRow = Omit<EventsTable, 'leaf'>;

export interface OutboxTable {
  readonly seq: number;
  readonly id: string;
  readonly stream: string;
  readonly subject: string;
  readonly payload: string;
  readonly correlation_id: string;
}

export interface AnswersTable {
  readonly message_key: string;
  readonly message_id: string;
  readonly subject: string;
  readonly payload: string;
  readonly correlation_id: string;
}

export interface TimersTable {
  readonly stream: string;
  readonly name: string;
  /** Milliseconds since 1970 UTC. */
  readonly due_at: number;
  /** JSON. */
  readonly event: string;
  readonly correlation_id: string;
}

export interface SnapshotsTable {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly chart_id: string;
  readonly chart_hash: string;
  readonly program: string;
  readonly state_hash: string;
  /** JSON. */
  readonly state: string;
}

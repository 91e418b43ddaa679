/** The tables of the journal, as `migrations.ts` creates them. */
export interface JournalTables {
  readonly events: EventsTable;
  /** One row, moved by every batch: the reason why positions are gapless and in commit order. */
  readonly head: { readonly id: 1; readonly position: number; readonly outbox_seq: number };
  readonly inbox: { readonly message_key: string; readonly first_position: number; readonly event_count: number };
  readonly outbox: OutboxTable;
  readonly answers: AnswersTable;
  readonly timers: TimersTable;
  readonly keys: { readonly id: string; readonly wrapped: Uint8Array };
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
}

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

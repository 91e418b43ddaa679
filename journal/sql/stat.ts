import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Capabilities } from './capabilities.ts';
import type { JournalTables } from './tables.ts';

/** How much a journal holds, beside its events: what waits, and what it takes. */
export interface JournalCounts {
  /** Also those whose events are all archived. */
  readonly streams: number;
  /** The database's own count: its pages, with the indexes and what is free. */
  readonly sizeBytes: number;
  /** Name of the newest migration. */
  readonly schema: string;
  /** Messages that were taken: each is known again for as long as there is the journal. */
  readonly taken: number;
  /** What their senders get when they ask again. */
  readonly answers: number;
  readonly outbox: number;
  readonly timers: number;
  /** When the earliest timer is due, milliseconds since 1970 UTC. */
  readonly nextTimerAt: number | null;
  readonly keys: number;
  readonly snapshots: number;
}

/** Counts; of a journal with millions of events this takes a second or two. */
export async function countJournal(
  db: Kysely<JournalTables>,
  { sizeBytes }: Pick<Capabilities, 'sizeBytes'>,
): Promise<JournalCounts> {
  const rows = async (table: 'inbox' | 'answers' | 'outbox' | 'timers' | 'keys' | 'snapshots'): Promise<number> => {
    const found = await db.selectFrom(table).select(db.fn.countAll().as('rows')).executeTakeFirstOrThrow();
    return Number(found.rows);
  };
  const streams = await sql<{ streams: number }>`
    select count(*) as streams from (select stream from events union select stream from bases) as named`.execute(db);
  const schema = await sql<{ name: string }>`
    select name from kysely_migration order by name desc limit 1`.execute(db);
  const due = await db.selectFrom('timers').select('due_at').orderBy('due_at').limit(1).executeTakeFirst();
  return {
    streams: Number(streams.rows[0]?.streams),
    sizeBytes: Number((await sizeBytes.execute(db)).rows[0]?.bytes),
    schema: schema.rows[0]?.name ?? '',
    taken: await rows('inbox'),
    answers: await rows('answers'),
    outbox: await rows('outbox'),
    timers: await rows('timers'),
    nextTimerAt: due?.due_at ?? null,
    keys: await rows('keys'),
    snapshots: await rows('snapshots'),
  };
}

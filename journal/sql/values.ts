import { chartsOf, type BatchWrite, type Leaf } from '../batch.ts';
import type { RecordedEvent } from '../port.ts';
import type { Values } from './bulk.ts';
import type { JournalTables } from './tables.ts';

type Insertable = Omit<JournalTables, 'head' | 'writers' | 'snapshots' | 'bases' | 'archive' | 'archived_leaves'>;

/** Columns of the tables that batches insert into, in the order in which `valuesOf` gives their values. */
export const COLUMNS = {
  events: [
    'position',
    'stream',
    'version',
    'type',
    'schema_version',
    'data',
    'message_id',
    'correlation_id',
    'causation_id',
    'role',
    'chart_id',
    'chart_hash',
    'cr_step',
    'recorded_at',
    'leaf',
  ],
  inbox: ['message_key', 'first_position', 'event_count'],
  outbox: ['seq', 'id', 'stream', 'subject', 'payload', 'correlation_id'],
  answers: ['message_key', 'message_id', 'subject', 'payload', 'correlation_id'],
  timers: ['stream', 'name', 'due_at', 'event', 'correlation_id'],
  keys: ['id', 'wrapped'],
  merkle_nodes: ['level', 'idx', 'hash'],
  charts: ['id', 'hash', 'first_position'],
} as const satisfies { readonly [Table in keyof Insertable]: readonly (keyof Insertable[Table])[] };

/** Columns of an event as it is read. */
export const EVENT_COLUMNS = COLUMNS.events.filter((column) => column !== 'leaf');

export type InsertTable = keyof typeof COLUMNS;

/** The rows that a batch inserts. */
export function valuesOf(batch: BatchWrite): Readonly<Record<InsertTable, readonly Values[]>> {
  const { events, leaves, nodes, consumed, outbox, answers, timers, keys } = batch;
  return {
    events: events.map((event, i) => eventValues(event, leaves[i])),
    inbox: consumed.map((row) => [row.messageKey, row.firstPosition, row.eventCount]),
    outbox: outbox.put.map((row) => [row.seq, row.id, row.stream, row.subject, row.payload, row.correlationId]),
    answers: answers.map((row) => [row.messageKey, row.messageId, row.subject, row.payload, row.correlationId]),
    timers: timers.arm.map((row) => [row.stream, row.name, row.dueAt, JSON.stringify(row.event), row.correlationId]),
    keys: keys.put.map((row) => [row.id, row.wrapped]),
    charts: chartsOf(events).map(({ id, hash, firstPosition }) => [id, hash, firstPosition]),
    merkle_nodes: nodes.map(({ level, index, hash }) => [level, index, hash]),
  };
}

function eventValues(event: RecordedEvent, leaf: Leaf | undefined): Values {
  if (leaf === undefined) throw new RangeError(`The event at position ${event.position} was given no leaf.`);
  const { meta } = event;
  return [
    event.position,
    event.stream,
    event.version,
    event.type,
    event.schemaVersion,
    leaf.data,
    meta.messageId,
    meta.correlationId,
    meta.causationId,
    meta.role,
    meta.chart.id,
    meta.chart.hash,
    meta.crStep,
    meta.recordedAt,
    leaf.hash,
  ];
}

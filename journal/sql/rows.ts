import type { Consumed, Head } from '../batch.ts';
import { frontierFromBytes } from '../merkle/frontier.ts';
import type {
  Archived,
  JsonObject,
  OutboxRow,
  RecordedChart,
  RecordedEvent,
  Snapshot,
  StoredAnswer,
  StoredEvent,
  TimerRow,
} from '../port.ts';
import { JournalError } from '../port.ts';
import type { AnswersTable, EventRow, EventsTable, JournalTables, OutboxTable } from './tables.ts';
import type { SnapshotsTable, TimersTable } from './tables.ts';

/** @throws JournalError `corrupt` where the data is no JSON */
export function toEvent(row: EventRow): RecordedEvent {
  return { ...fieldsOf(row), data: parsed(row) };
}

export function toStored(row: EventsTable): StoredEvent {
  return { ...fieldsOf(row), data: row.data, leaf: row.leaf };
}

function fieldsOf(row: EventRow): Omit<RecordedEvent, 'data'> {
  return {
    position: row.position,
    stream: row.stream,
    version: row.version,
    type: row.type,
    schemaVersion: row.schema_version,
    meta: {
      messageId: row.message_id,
      correlationId: row.correlation_id,
      causationId: row.causation_id,
      role: row.role,
      chart: { id: row.chart_id, hash: row.chart_hash },
      crStep: row.cr_step,
      recordedAt: row.recorded_at,
    },
  };
}

function parsed(row: EventRow): JsonObject {
  try {
    return JSON.parse(row.data);
  } catch (error) {
    const message = `Event ${row.position} of the journal: its data is no JSON.`;
    throw new JournalError('corrupt', message, 'Restore the journal from a backup.', { cause: error });
  }
}

/** @throws JournalError `corrupt` where the edge of the tree is not that of so many events */
export function toHead(row: Omit<JournalTables['head'], 'id'>): Head {
  const frontier = frontierFromBytes(row.position, row.roots);
  if (frontier !== null) return { position: row.position, outboxSeq: row.outbox_seq, roots: frontier.roots };
  const message = `The head of the journal names ${row.position} events, and the edge of another tree.`;
  throw new JournalError('corrupt', message, 'Restore the journal from a backup.');
}

export function toConsumed(row: JournalTables['inbox']): Consumed {
  return { messageKey: row.message_key, firstPosition: row.first_position, eventCount: row.event_count };
}

export function toOutboxRow({ id, stream, subject, payload, correlation_id }: OutboxTable): OutboxRow {
  return { id, stream, subject, payload, correlationId: correlation_id };
}

export function toAnswer({ message_key, message_id, subject, payload, correlation_id }: AnswersTable): StoredAnswer {
  return { messageKey: message_key, messageId: message_id, subject, payload, correlationId: correlation_id };
}

export function toTimer({ stream, name, due_at, event, correlation_id }: TimersTable): TimerRow {
  const parsed: TimerRow['event'] = JSON.parse(event);
  return { stream, name, dueAt: due_at, event: parsed, correlationId: correlation_id };
}

export function toSnapshot(row: SnapshotsTable): Snapshot {
  const { stream, version, position, program, state } = row;
  const chart = { id: row.chart_id, hash: row.chart_hash };
  return { stream, version, position, chart, program, stateHash: row.state_hash, state };
}

export function toRecordedChart({ id, hash, first_position }: JournalTables['charts']): RecordedChart {
  return { id, hash, firstPosition: first_position };
}

/** @throws JournalError `corrupt` where the edge of the tree is not that of so many events */
export function toArchived({ up_to, roots }: Omit<JournalTables['archive'], 'id'>): Archived {
  const edge = frontierFromBytes(up_to, roots);
  if (edge !== null) return { upTo: up_to, edge };
  const message = `The journal names ${up_to} archived events, and the edge of another tree.`;
  throw new JournalError('corrupt', message, 'Restore the journal from a backup.');
}

import type { JsonObject, OutboxRow, RecordedEvent, StoredAnswer, TimerRow } from '../port.ts';
import { journalError } from './errors.ts';
import type { AnswersTable, EventsTable, OutboxTable, TimersTable } from './tables.ts';

/** @throws JournalError `corrupt` where the data is no JSON */
export function toEvent(row: EventsTable): RecordedEvent {
  return {
    position: row.position,
    stream: row.stream,
    version: row.version,
    type: row.type,
    schemaVersion: row.schema_version,
    data: parsed(row),
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

function parsed(row: EventsTable): JsonObject {
  try {
    return JSON.parse(row.data);
  } catch (error) {
    throw journalError('corrupt', `Event ${row.position} of the journal: its data is no JSON.`, error);
  }
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

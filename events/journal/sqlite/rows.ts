import type { JsonObject, OutboxRow, RecordedEvent, StoredAnswer, TimerRow } from '../port.ts';
import type { AnswersTable, EventsTable, OutboxTable, TimersTable } from './tables.ts';

export function toEvent(row: EventsTable): RecordedEvent {
  const data: JsonObject = JSON.parse(row.data);
  return {
    position: row.position,
    stream: row.stream,
    version: row.version,
    type: row.type,
    schemaVersion: row.schema_version,
    data,
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

import type { JsonObject, RecordedEvent } from '../../journal/port.ts';
import { rowOf, type ChartId } from '../../machines/catalogue.ts';

/** An event as the role of the chart records it. */
export function recorded(chart: ChartId, stream: string, type: string, data: JsonObject = {}): RecordedEvent {
  const { role } = rowOf(chart);
  return {
    position: 1,
    stream,
    version: 1,
    type,
    schemaVersion: 1,
    data,
    meta: {
      messageId: 'm',
      correlationId: 'c',
      causationId: null,
      role: role === 'journal' ? 'cpns-server' : role,
      chart: { id: chart, hash: '' },
      crStep: null,
      recordedAt: '2026-01-01T00:00:00.000Z',
    },
  };
}

import { expect, test } from 'vitest';
import type { JsonObject, RecordedEvent } from '../../../journal/port.ts';
import { MessagePairs } from '../../../replay/trace/messages.ts';

const KEY = 'AAAAAAAAAAAAAAAAAAAAAA';

function recorded(role: 'pne' | 'cpns-server', type: string, data: JsonObject) {
  const chart = { id: `${role}/registration`, hash: '' };
  const meta = { messageId: 'm', correlationId: 'c', causationId: 'm', role, chart, crStep: null };
  const event: RecordedEvent = {
    position: 1,
    stream: role === 'pne' ? 'pne/lamp' : 'registration/home/lamp',
    version: 1,
    type,
    schemaVersion: 1,
    data,
    meta: { ...meta, recordedAt: '2026-01-01T00:00:00.000Z' },
  };
  return { journal: role, event };
}

test.each([
  ['PNE', 'CPNS Server', 'pne', 'cpns-server'],
  ['CPNS Server', 'PNE', 'cpns-server', 'pne'],
] as const)('a session that the %s closes is told to the %s', (source, target, from, to) => {
  const pairs = new MessagePairs(new Set(['PNE', 'CPNS Server']));
  pairs.take(recorded(from, 'SessionCloseWanted', { keyId: KEY }));
  const [exchange] = pairs.take(recorded(to, 'SessionCloseReceived', { keyId: KEY }));
  expect(exchange).toMatchObject({ rule: { title: 'close of the session', source, target }, id: KEY, kind: 'arrived' });
});

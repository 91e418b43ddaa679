import type { Commit, EventMeta, ExpectedVersion, NewEvent, OutboxRow, TimerRow } from '../../journal/port.ts';

/** Test data: the smallest commit, and what is said on top of it. */
export function commitOf(parts: Partial<Commit> = {}): Commit {
  return {
    messageKey: null,
    appends: [],
    outbox: { put: [], settle: [] },
    answers: [],
    timers: { arm: [], disarm: [] },
    keys: { put: [], drop: [] },
    ...parts,
  };
}

export function metaOf(parts: Partial<EventMeta> = {}): EventMeta {
  return {
    messageId: 'message-1',
    correlationId: 'correlation-1',
    causationId: null,
    role: 'cpns-server',
    chart: { id: 'cpns-server/registration', hash: 'c0ffee' },
    crStep: '1.4.1/3',
    recordedAt: '2026-11-23T04:12:24.000Z',
    ...parts,
  };
}

export function eventOf(type: string, parts: Partial<NewEvent> = {}): NewEvent {
  return { type, schemaVersion: 1, data: { deviceId: 'watch' }, meta: metaOf(), ...parts };
}

export const any: ExpectedVersion = { kind: 'any' };
export const noStream: ExpectedVersion = { kind: 'noStream' };
export function exactly(version: number): ExpectedVersion {
  return { kind: 'exactly', version };
}

/** Appends events of these types to one stream. */
export function appendTo(stream: string, expected: ExpectedVersion, ...types: readonly string[]): Commit {
  return commitOf({ appends: [{ stream, expected, events: types.map((type) => eventOf(type)) }] });
}

export function outboxRow(id: string, parts: Partial<OutboxRow> = {}): OutboxRow {
  return { id, stream: 'pn/home', subject: 'cpns.wan.up.gw', payload: '{}', correlationId: 'correlation-1', ...parts };
}

export function timerRow(name: string, dueAt: number, parts: Partial<TimerRow> = {}): TimerRow {
  const event = { type: 'RegistrationTimedOut', data: { after: dueAt } };
  return { stream: 'pn/home', name, dueAt, event, correlationId: 'correlation-1', ...parts };
}

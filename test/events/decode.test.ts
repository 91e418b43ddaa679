import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../../journal/port.ts';
import { POOL } from '../machines/pool.ts';
import { CHART_IDS, vocabularyOf } from '../../machines/catalogue.ts';
import { checkEvent, readEvent, UnreadableEvent, type EventFault, type DomainEvent } from '../../fold/decode.ts';

const kept: NewEvent = {
  type: 'RegistrationTimedOut',
  schemaVersion: 1,
  data: { requestId: 'r1' },
  meta: {
    messageId: 'm1',
    correlationId: 'c1',
    causationId: null,
    role: 'pne',
    chart: { id: 'pne/registration', hash: 'h' },
    crStep: null,
    recordedAt: '2026-11-23T00:00:00.000Z',
  },
};

function faultOf(event: NewEvent): EventFault | null {
  try {
    readEvent(event);
    return null;
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    expect(error.message).not.toBe('');
    expect(error.remedy).not.toBe('');
    return error.fault;
  }
}

describe('an event of the journal', () => {
  it('is read as what its chart takes', () => {
    expect(readEvent(kept)).toEqual({
      chart: 'pne/registration',
      type: 'RegistrationTimedOut',
      data: { requestId: 'r1' },
    });
  });

  const chart = (id: string) => ({ ...kept.meta, chart: { id, hash: 'h' } });
  it.each<readonly [EventFault, string, NewEvent]>([
    ['unknownChart', 'another chart', { ...kept, meta: chart('pne/other') }],
    ['unknownChart', 'a name that every object has', { ...kept, meta: chart('constructor') }],
    ['unknownType', 'another type', { ...kept, type: 'RegistrationForgotten' }],
    ['unknownType', 'a type of another chart', { ...kept, type: 'PneAuthenticated', data: {} }],
    ['unknownType', 'a type that every object has', { ...kept, type: 'toString' }],
    ['unknownVersion', 'a later version', { ...kept, schemaVersion: 2 }],
    ['unknownVersion', 'no version', { ...kept, schemaVersion: 0 }],
    ['invalidData', 'a field too few', { ...kept, data: {} }],
    ['invalidData', 'a field too many', { ...kept, data: { requestId: 'r1', more: 1 } }],
    ['invalidData', 'an id that is none', { ...kept, data: { requestId: 'R 1' } }],
  ])('is not guessed at: %s (%s)', (fault, _, event) => {
    expect(faultOf(event)).toBe(fault);
  });
});

describe.each(CHART_IDS)('the vocabulary of %s', (id) => {
  it('says what each event states, in a sentence', () => {
    for (const [type, { description }] of Object.entries(vocabularyOf(id))) {
      expect(type).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(description, type).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('takes events of every type, also after JSON, and none with a field that it does not know', () => {
    const pool: readonly DomainEvent[] = POOL[id];
    expect(new Set(pool.map(({ type }) => type))).toEqual(new Set(Object.keys(vocabularyOf(id))));
    for (const { type, data } of pool) {
      expect(checkEvent(id, { type, data: JSON.parse(JSON.stringify(data)) }), type).toBe(vocabularyOf(id)[type]);
      expect(() => checkEvent(id, { type, data: { ...data, secret: 'x' } }), type).toThrow(UnreadableEvent);
    }
  });
});

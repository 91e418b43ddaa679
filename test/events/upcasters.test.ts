import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { event as changed, versionOf } from '../../events/vocabulary/define.ts';
import type { NewEvent } from '../../journal/port.ts';
import { CHART_IDS, vocabularyOf } from '../../machines/catalogue.ts';
import { readEvent, UnreadableEvent, upcast } from '../../fold/decode.ts';

const OLDER = new URL('older/', import.meta.url);
const EVERY = CHART_IDS.flatMap((chart) =>
  Object.entries(vocabularyOf(chart)).map(([type, definition]) => ({ chart, type, version: versionOf(definition) })),
);

function stored(type: string, version: number): readonly NewEvent[] {
  return JSON.parse(readFileSync(new URL(`${type}.v${version}.json`, OLDER), 'utf8'));
}

describe('an event of an older schema version', () => {
  it('is read from what was stored then, for every older version of every event', () => {
    for (const { chart, type, version } of EVERY) {
      for (let older = 1; older < version; older++) {
        const events = stored(type, older).filter(({ meta }) => meta.chart.id === chart);
        expect(events, `${type}.v${older}.json`).not.toEqual([]);
        for (const event of events) {
          expect(event.schemaVersion).toBe(older);
          expect(readEvent(event).type).toBe(type);
        }
      }
    }
  });

  it('is known for each file that was kept', () => {
    const known = new Set(
      EVERY.flatMap(({ type, version }) => versionsBefore(version).map((v) => `${type}.v${v}.json`)),
    );
    expect(readdirSync(OLDER).filter((name) => name.endsWith('.json') && !known.has(name))).toEqual([]);
  });
});

const versionsBefore = (version: number): readonly number[] => Array.from({ length: version - 1 }, (_, i) => i + 1);

describe('upcasting', () => {
  const event = (schemaVersion: number, data: NewEvent['data']): NewEvent => ({
    type: 'BackOffEnded',
    schemaVersion,
    data,
    meta: {
      messageId: 'm1',
      correlationId: 'c1',
      causationId: null,
      role: 'pne',
      chart: { id: 'pne/registration', hash: 'h' },
      crStep: null,
      recordedAt: '2026-11-23T00:00:00.000Z',
    },
  });

  it('does not touch an event of today', () => {
    const vocabulary = () => ({ BackOffEnded: changed('Ended.', z.strictObject({}), { upcasters: [() => ({})] }) });
    expect(() => readEvent(event(3, {}), vocabulary)).toThrow(UnreadableEvent);
    expect(readEvent(event(2, {}), vocabulary).data).toEqual({});
    expect(() => readEvent(event(2, { wrong: true }), vocabulary)).toThrow(UnreadableEvent);
    expect(readEvent(event(1, { wrong: true }), vocabulary).data).toEqual({});
  });

  it('goes step by step from the stored version to that of today', () => {
    const sent = changed('Sent.', z.strictObject({ receiver: z.string().nullable(), copies: z.int() }), {
      upcasters: [({ to }) => ({ receiver: to ?? null }), (data) => ({ ...data, copies: 1 })],
    });
    expect(upcast(sent, { to: 'hub' }, 1)).toEqual({ receiver: 'hub', copies: 1 });
    expect(upcast(sent, { receiver: 'hub' }, 2)).toEqual({ receiver: 'hub', copies: 1 });
    expect(upcast(sent, { receiver: 'hub', copies: 2 }, 3)).toEqual({ receiver: 'hub', copies: 2 });
    expect(upcast(sent, { receiver: 'hub' }, 4)).toBeNull();
    expect(upcast(sent, { receiver: 'hub' }, 0)).toBeNull();
  });
});

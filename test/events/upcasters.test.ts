import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isChartId, VOCABULARIES, vocabularyOf, type ChartId } from '../../events/charts.ts';
import { readFact, UnreadableEvent } from '../../events/decode.ts';
import type { NewEvent } from '../../journal/port.ts';
import { upcast, UPCASTERS, type Upcasters } from '../../events/upcasters.ts';

const OLDER = new URL('older/', import.meta.url);
const EVERY = Object.keys(VOCABULARIES)
  .filter(isChartId)
  .flatMap((chart) => Object.entries(vocabularyOf(chart)).map(([type, { version }]) => ({ chart, type, version })));

function stored(type: string, version: number): readonly NewEvent[] {
  return JSON.parse(readFileSync(new URL(`${type}.v${version}.json`, OLDER), 'utf8'));
}

describe('an event of an older schema version', () => {
  it('has an upcaster for each version before that of today, and no event has one too many', () => {
    const steps = (chart: ChartId, type: string): number => UPCASTERS[chart]?.[type]?.length ?? 0;
    for (const { chart, type, version } of EVERY) expect(steps(chart, type), `${chart} ${type}`).toBe(version - 1);
  });

  it('is read from what was stored then, for every older version of every event', () => {
    for (const { chart, type, version } of EVERY) {
      for (let older = 1; older < version; older++) {
        const events = stored(type, older).filter(({ meta }) => meta.chart.id === chart);
        expect(events, `${type}.v${older}.json`).not.toEqual([]);
        for (const event of events) {
          expect(event.schemaVersion).toBe(older);
          expect(readFact(event).type).toBe(type);
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
    const upcasters: Upcasters = { 'pne/registration': { BackOffEnded: [() => ({ wrong: true })] } };
    expect(() => readFact(event(2, {}), upcasters)).toThrow(UnreadableEvent);
    expect(readFact(event(1, {}), upcasters).data).toEqual({});
  });

  it('goes step by step from the stored version to that of today', () => {
    const upcasters: Upcasters = {
      'pne/registration': { Sent: [({ to }) => ({ receiver: to ?? null }), (data) => ({ ...data, copies: 1 })] },
    };
    const sent = (data: NewEvent['data']) => ({ chart: 'pne/registration', type: 'Sent', data }) as const;
    expect(upcast(upcasters, sent({ to: 'hub' }), 1, 3)).toEqual({ receiver: 'hub', copies: 1 });
    expect(upcast(upcasters, sent({ receiver: 'hub' }), 2, 3)).toEqual({ receiver: 'hub', copies: 1 });
    expect(upcast(upcasters, sent({ receiver: 'hub' }), 4, 3)).toBeNull();
    expect(upcast(upcasters, sent({ receiver: 'hub' }), 0, 3)).toBeNull();
    expect(upcast(upcasters, sent({ receiver: 'hub' }), 1, 4)).toBeNull();
  });

  it('checks what came out as strictly as what was stored', () => {
    expect(() => readFact(event(1, { more: 1 }))).toThrow('invalid data');
  });
});

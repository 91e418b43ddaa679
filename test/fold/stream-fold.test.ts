import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../journal/port.ts';
import { StreamFold, type Taken } from '../../fold/stream-fold.ts';
import { device, GATEWAY, NODES, World } from '../simulation/world.ts';

/** A member and a stranger, registered: every stream of every role. */
let streams: ReadonlyMap<string, readonly RecordedEvent[]>;
beforeAll(async () => {
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home'), device('cup', 'home', 'needed')] });
  await world.calm();
  await world.register('lamp');
  await world.register('cup');
  await world.calm();
  const found = new Map<string, RecordedEvent[]>();
  for (const node of NODES) {
    for (const event of await world.events(node)) {
      found.set(event.stream, [...(found.get(event.stream) ?? []), event]);
    }
  }
  streams = found;
});

function fold(events: readonly RecordedEvent[]): { readonly taken: readonly Taken[]; readonly fold: StreamFold } {
  const stream = new StreamFold();
  return { taken: events.map((event) => stream.take(event)), fold: stream };
}

const registration = (): readonly RecordedEvent[] => streams.get('registration/home/cup') ?? [];
const again = (events: readonly RecordedEvent[]): readonly RecordedEvent[] =>
  events.map((event, i) => ({ ...event, version: i + 1 }));

describe('a stream that its role wrote', () => {
  it('is taken whole by its chart, for every actor of a run', () => {
    expect(streams.size).toBeGreaterThan(6);
    for (const [name, events] of streams) {
      const { taken, fold: end } = fold(events);
      expect(new Set(taken.map(({ kind }) => kind)), name).toEqual(new Set(['taken']));
      expect(end.version).toBe(events.length);
      expect(end.state).not.toBeNull();
    }
  });
});

describe('a stream that was changed', () => {
  it('deviates where an event is missing, with the state and what was possible there', () => {
    const without = again(registration().filter(({ type }) => type !== 'PneAuthenticated'));
    const { taken, fold: end } = fold(without);
    expect(taken.map(({ kind }) => kind)).toEqual(['taken', 'deviates', ...without.slice(2).map(() => 'unjudged')]);
    expect(taken[1]).toMatchObject({
      deviation: {
        kind: 'impossible',
        type: 'CpnsIdAllocated',
        version: 2,
        state: { registration: 'authenticating', session: 'none' },
        possible: expect.arrayContaining(['PneAuthenticated', 'PneAuthenticationFailed']),
      },
    });
    expect(end.state).toBeNull();
  });

  it('deviates where a version is not the next one', () => {
    const { taken } = fold(registration().filter(({ version }) => version !== 2));
    expect(taken[1]).toMatchObject({ deviation: { kind: 'gap', version: 3 } });
  });

  it('deviates where the data is not of the vocabulary', () => {
    const [first, ...rest] = registration();
    if (first === undefined) throw new Error('The registration has no events.');
    const { taken } = fold([{ ...first, data: { ...first.data, requestId: 7 } }, ...rest]);
    expect(taken[0]).toMatchObject({
      deviation: { kind: 'unreadable', version: 1, state: { registration: { idle: 'unregistered' }, session: 'none' } },
    });
  });

  it('deviates where an event is of another chart', () => {
    const other = streams.get('pn/home')?.at(-1);
    const last = registration().at(-1);
    if (other === undefined || last === undefined) throw new Error('There are no events.');
    const { taken } = fold([...registration(), { ...other, stream: last.stream, version: last.version + 1 }]);
    expect(taken.at(-1)).toMatchObject({ deviation: { kind: 'otherChart' } });
  });
});

describe('a chart that this program does not have', () => {
  it('is said, and its events are not judged by another', () => {
    const [first, ...rest] = registration();
    if (first === undefined) throw new Error('The registration has no events.');
    const chart = { ...first.meta.chart, hash: 'f'.repeat(64) };
    const { taken } = fold([{ ...first, meta: { ...first.meta, chart } }, ...rest]);
    expect(taken[0]).toEqual({ kind: 'unjudged', because: chart });
    expect(new Set(taken.map(({ kind }) => kind))).toEqual(new Set(['unjudged']));
  });
});

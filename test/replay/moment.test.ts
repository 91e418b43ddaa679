import { beforeAll, describe, expect, it } from 'vitest';
import { foldActor } from '../../actors/fold.ts';
import type { JournalReader, RecordedEvent, StreamSource } from '../../events/journal/port.ts';
import { registration } from '../../machines/cpns-server/registration.ts';
import { momentOf } from '../../replay/moment.ts';
import { device, GATEWAY, World } from '../simulation/world.ts';

const STREAM = 'registration/home/lamp';

/** A journal that has these events and no others. */
const journalOf = (events: readonly RecordedEvent[]): JournalReader & StreamSource => {
  const read = (after: number, limit: number, key: 'position' | 'version', stream?: string) =>
    events.filter((event) => event[key] > after && (stream ?? event.stream) === event.stream).slice(0, limit);
  return {
    head: async () => events.at(-1)?.position ?? 0,
    readStream: async (stream, { after = 0, limit = 1_000 } = {}) => read(after, limit, 'version', stream),
    readAll: async ({ after = 0, limit = 1_000 } = {}) => read(after, limit, 'position'),
    readCorrelation: async () => [],
    snapshot: async () => null,
    snapshots: async () => [],
    base: async () => null,
  };
};

let events: readonly RecordedEvent[];
beforeAll(async () => {
  const pn = { id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] };
  const world = await World.start({ pns: [pn], devices: [device('lamp', 'home')] });
  await world.calm();
  await world.register('lamp');
  await world.calm();
  events = await world.events('server');
});

describe('a stream as of a position', () => {
  it('is the fold of what was committed up to it, at every position', async () => {
    const own = events.filter(({ stream }) => stream === STREAM);
    expect(own.length).toBeGreaterThan(4);
    for (const { position, version } of events) {
      const moment = await momentOf(wholeJournal(), STREAM, position);
      const taken = own.filter((event) => event.position <= position);
      const last = taken.at(-1);
      expect(moment).toMatchObject({ version: last?.version ?? 0, position: last?.position ?? 0, lost: null });
      if (last?.position !== position) continue;
      expect(version).toBe(taken.length);
      const { state } = await foldActor(journalOf(taken), registration, STREAM);
      expect(moment.state?.value).toEqual(state.value);
      expect(moment.state?.context).toEqual(state.context);
    }
  });

  it('is nothing before the stream begins', async () => {
    expect(await momentOf(wholeJournal(), STREAM, 0)).toMatchObject({
      version: 0,
      state: null,
      chart: null,
      lost: null,
    });
  });

  it('is the latest for a position that is not there yet', async () => {
    const moment = await momentOf(wholeJournal(), STREAM, Number.POSITIVE_INFINITY);
    expect(moment.state?.value).toEqual({ idle: { registered: 'sessionEstablished' } });
    expect(moment.lastEvent?.type).toBe('SecureSessionEstablished');
  });

  it('says why there is none after an event that cannot be, and under a chart that is not known', async () => {
    const own = events.filter(({ stream }) => stream === STREAM);
    const without = own.filter(({ version }) => version !== 2);
    const gap = await momentOf(journalOf(without), STREAM, Number.POSITIVE_INFINITY);
    expect(gap).toMatchObject({ state: null, lost: { kind: 'gap', version: 3 } });
    const strange = own.map((event) => ({ ...event, meta: { ...event.meta, chart: { id: 'x', hash: 'y' } } }));
    const unknown = await momentOf(journalOf(strange), STREAM, Number.POSITIVE_INFINITY);
    expect(unknown).toMatchObject({ state: null, lost: { id: 'x', hash: 'y' } });
  });
});

const wholeJournal = () => journalOf(events);

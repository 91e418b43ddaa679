import { beforeAll, describe, expect, it } from 'vitest';
import { foldActor } from '../../fold/fold.ts';
import type { JournalReader, RecordedEvent, StreamSource } from '../../journal/port.ts';
import { registration } from '../../machines/cpns-server/registration.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import type { FoldSource } from '../../fold/source.ts';
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
    expect(moment.state?.value).toEqual({ registration: { idle: 'registered' }, session: 'established' });
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

  it('is the same from the newest snapshot on, of which it reads no event before', async () => {
    const own = events.filter(({ stream }) => stream === STREAM);
    for (const kept of own) {
      const taken = await momentOf(journalOf(own), STREAM, kept.position);
      if (taken.state === null) throw new Error('no state');
      const snapshot = snapshotOf(registration, kept, taken.state);
      const reads: number[] = [];
      const journal: FoldSource = {
        readStream: async (stream, range = {}) => {
          reads.push(range.after ?? 0);
          return journalOf(own).readStream(stream, range);
        },
        snapshot: async (_, { position = 0 } = {}) => (snapshot.position <= position ? snapshot : null),
      };
      const until = Number.POSITIVE_INFINITY;
      const [moment, whole] = [await momentOf(journal, STREAM, until), await momentOf(journalOf(own), STREAM, until)];
      expect(moment).toMatchObject({ version: whole.version, position: whole.position, lost: null });
      expect([moment.state?.value, moment.state?.context]).toEqual([whole.state?.value, whole.state?.context]);
      expect(Math.min(...reads)).toBe(kept.version - 1);
    }
  });

  it('does not trust a snapshot that is of another event, another law, or not what was kept', async () => {
    const own = events.filter(({ stream }) => stream === STREAM);
    const until = Number.POSITIVE_INFINITY;
    const whole = await momentOf(journalOf(own), STREAM, until);
    const early = await momentOf(journalOf(own), STREAM, own[1]?.position ?? 0);
    if (early.state === null) throw new Error('no state');
    // It claims to be the state at the end: whoever trusts it shows an early state there.
    const { version, position } = whole;
    const snapshot = snapshotOf(registration, { stream: STREAM, version, position }, early.state);
    for (const wrong of [
      { ...snapshot, position: position - 1 },
      { ...snapshot, chart: { ...snapshot.chart, hash: 'another' } },
      { ...snapshot, program: 'another' },
      { ...snapshot, state: snapshot.state.replaceAll('lamp', 'pump') },
    ]) {
      const journal: FoldSource = { ...journalOf(own), snapshot: async () => wrong };
      expect((await momentOf(journal, STREAM, until)).state?.value).toEqual(whole.state?.value);
    }
  });
});

const wholeJournal = () => journalOf(events);

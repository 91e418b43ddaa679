import { beforeAll, describe, expect, it } from 'vitest';
import { archivedError } from '../../../journal/archived.ts';
import type { Base } from '../../../journal/port.ts';
import { Api } from '../../../inspector/server/api.ts';
import { Feed } from '../../../inspector/server/feed.ts';
import { stateText } from '../../../inspector/server/standing.ts';
import { Timeline } from '../../../inspector/server/timeline.ts';
import type { ActorRow } from '../../../inspector/protocol/answers.ts';
import { momentToText, readMoment } from '../../../inspector/protocol/moment.ts';
import type { Source } from '../../../inspector/server/source.ts';
import { snapshotOf } from '../../../fold/snapshot.ts';
import { momentOf } from '../../../replay/moment.ts';
import { NODES } from '../../simulation/world.ts';
import { someJournals, sourceOf, sourcesOf, type Journals } from './world.ts';

let journals: Journals;
beforeAll(async () => {
  journals = await someJournals();
});

const LATER = { now: () => Date.parse('2099-01-01T00:00:00Z') };

async function whole(): Promise<Timeline> {
  const timeline = new Timeline();
  await new Feed(timeline, sourcesOf(journals), LATER).catchUp();
  return timeline;
}

describe('the timeline of all journals', () => {
  it('has every event once, each journal in its own order', async () => {
    const timeline = await whole();
    for (const name of NODES) {
      const positions = timeline.entries(1).flatMap((entry) => (entry.journal === name ? [entry.position] : []));
      expect(positions).toEqual(journals[name].map(({ position }) => position));
    }
    expect(timeline.entries(1).map(({ seq }) => seq)).toEqual(timeline.entries(1).map((_, index) => index + 1));
  });

  it('has no message received before it was sent, though the clock of the simulation stands still meanwhile', async () => {
    const timeline = await whole();
    const links = timeline.entries(1).flatMap(({ seq }) => timeline.messages.sentBy(seq));
    expect(links.length).toBeGreaterThan(20);
    for (const { sent, received, title } of links) expect(sent, title).toBeLessThan(received);
  });

  it('says of every actor at every moment what the replay folds there', async () => {
    const timeline = await whole();
    const sources = new Map(sourcesOf(journals).map((source) => [source.name, source]));
    for (let seq = 0; seq <= timeline.total; seq += 7) {
      const moment = timeline.momentAt(seq);
      expect(timeline.seqOf(moment)).toBe(seq);
      for (const { journal, stream, version, standing } of timeline.actors(moment)) {
        const reader = await sources.get(journal)?.open();
        if (reader === undefined || reader === null) throw new Error(`${journal} is not there.`);
        const folded = await momentOf(reader, stream, moment[journal] ?? 0);
        expect(version).toBe(folded.version);
        expect(standing.state).toBe(folded.state === null ? '' : stateText(folded.state.value));
      }
    }
  });

  it('tells which transition was taken, for every event', async () => {
    for (const { standing, type } of (await whole()).entries(1)) {
      expect(standing.verdict).toBe('known');
      // One in each region that takes it: the session begins with what confirms the registration.
      expect(standing.fired, type).toHaveLength(type === 'SecureSessionConfirmed' ? 2 : 1);
      for (const fired of standing.fired) expect(fired).toContain(`|${type}|`);
    }
  });

  it('knows what waits: timers and requests without an answer are there until they are settled', async () => {
    const timeline = await whole();
    const waiting = timeline
      .entries(1)
      .find(({ stream, type }) => stream === 'pne/lamp' && type === 'RegistrationRequested');
    expect(waiting?.standing).toMatchObject({
      state: 'registration.awaitingAnswer|session.none',
      outbox: ['registration-request'],
    });
    expect(waiting?.standing.timers.map(({ name }) => name)).toEqual(['answer']);
    const [row] = timeline.actors(timeline.moment).filter(({ stream }) => stream === 'pne/lamp');
    expect(row?.standing).toMatchObject({
      state: 'registration.registered.settled|session.established',
      outbox: [],
      timers: [],
    });
  });

  it('shows an event that its chart cannot take, and one that is missing, and does not guess on', async () => {
    const own = journals.server.filter(({ stream }) => stream === 'registration/home/lamp');
    const [first, second, ...rest] = own;
    if (first === undefined || second === undefined) throw new Error('There is no registration.');
    const swapped = [first, ...rest].map((event, index) => ({ ...event, position: index + 1, version: index + 1 }));
    const lacking = rest.map((event, index) => ({ ...event, position: index + 1 }));
    const timeline = new Timeline();
    await new Feed(timeline, [sourceOf('swapped', swapped), sourceOf('lacking', lacking)], LATER).catchUp();
    const verdicts = timeline.actors(timeline.moment).map(({ journal, standing }) => [journal, standing.verdict]);
    expect(Object.fromEntries(verdicts)).toEqual({ swapped: 'deviates', lacking: 'unknown' });
  });
});

describe('the feed', () => {
  it('keeps what was recorded after a round began for the next one: its cause may not have been read', async () => {
    const now = { value: 0 };
    const at = (position: number, second: number) => {
      const event = journals.server[position - 1];
      if (event === undefined) throw new Error(`There is no event ${position}.`);
      return { ...event, meta: { ...event.meta, recordedAt: `2026-01-01T00:00:0${second}.000Z` } };
    };
    const timeline = new Timeline();
    const feed = new Feed(timeline, [sourceOf('server', [at(1, 1), at(2, 3)])], { now: () => now.value });
    now.value = Date.parse('2026-01-01T00:00:02Z');
    expect(await feed.catchUp()).toBe(1);
    expect(await feed.catchUp()).toBe(1);
    expect(timeline.total).toBe(2);
  });

  it('waits for a journal that is not there yet, and tells of one that cannot be read', async () => {
    let isThere = false;
    const events = journals.pnes;
    const late = { ...sourceOf('late', events), open: async () => (isThere ? sourceOf('late', events).open() : null) };
    const broken = { name: 'broken', kind: 'file' as const, open: () => Promise.reject(new Error('It is torn.')) };
    const feed = new Feed(new Timeline(), [late, broken], LATER);
    expect(await feed.catchUp()).toBe(0);
    expect(feed.journals).toMatchObject([{ trouble: null }, { name: 'broken', trouble: 'It is torn.' }]);
    isThere = true;
    expect(await feed.catchUp()).toBe(events.length);
  });
});

describe('a moment as text', () => {
  it('is read as it was written, and nothing else is', () => {
    const moment = { server: 120, 'hub-hall': 88, pnes: 0 };
    expect(momentToText(moment)).toBe('server:120,hub-hall:88,pnes:0');
    expect(readMoment(momentToText(moment))).toEqual(moment);
    for (const text of ['', 'server', 'server:', 'server:-1', 'Server:1', 'server:1,', 'a:1;b:2']) {
      expect(readMoment(text), text).toBeNull();
    }
  });
});

describe('a journal that was compacted', () => {
  it('goes on from the states at the last archived events, and shows actors that had none since', async () => {
    const own = journals.server.filter(({ stream }) => stream === 'registration/home/lamp');
    const last = own[2];
    if (last === undefined) throw new Error('There is no registration.');
    const { open } = sourceOf('server', journals.server);
    const baseOf = async (stream: string): Promise<Base | null> => {
      const journal = await open();
      if (journal === null) throw new Error('The journal is not open.');
      const { version, position, chart, state } = await momentOf(journal, stream, last.position);
      return chart === null || state === null ? null : snapshotOf(chart, { stream, version, position }, state);
    };
    const upTo = last.position;
    const rest = journals.server.filter(({ position }) => position > upTo);
    const streams = [...new Set(journals.server.map(({ stream }) => stream))].toSorted();
    const source: Source = {
      ...sourceOf('server', rest),
      open: async () => ({
        head: async () => journals.server.length,
        readAll: async ({ after = 0, limit = 1_000 } = {}) =>
          rest.filter(({ position }) => position > after).slice(0, limit),
        readStream: async (stream, { after = 0, limit = 1_000 } = {}) =>
          rest.filter((event) => event.stream === stream && event.version > after).slice(0, limit),
        archived: async () => ({ upTo, edge: { size: upTo, roots: [] } }),
        base: baseOf,
        bases: async ({ after = '', limit = 1_000 } = {}) => {
          const bases = await Promise.all(streams.filter((stream) => stream > after).map(baseOf));
          return bases.flatMap((base) => base ?? []).slice(0, limit);
        },
      }),
    };
    const timeline = new Timeline();
    const feed = new Feed(timeline, [source], LATER);
    await feed.catchUp();
    expect(timeline.total).toBe(rest.length);
    expect(feed.journals).toMatchObject([{ name: 'server', archived: upTo }]);
    const whole = new Timeline();
    await new Feed(whole, [sourceOf('server', journals.server)], LATER).catchUp();
    // From the end of the archive on, every actor is what it is with all events.
    for (let position = upTo; position <= journals.server.length; position += 1) {
      const told = (rows: readonly ActorRow[]) =>
        rows
          .map(({ key, version, pn, device, standing: { verdict, state } }) => [
            key,
            version,
            pn,
            device,
            verdict,
            state,
          ])
          .toSorted();
      const at = { server: position };
      expect(told(timeline.actors(at))).toEqual(told(whole.actors(at)));
    }
    expect(timeline.momentAt(0)).toEqual({ server: upTo });
    const quiet = timeline.actors(timeline.moment).find(({ seq }) => seq === 0);
    expect(quiet).toMatchObject({ position: expect.any(Number), type: '', at: '' });
    expect(await new Api(timeline, feed, 'instance').state(quiet?.key ?? '', null)).toMatchObject({
      version: quiet?.version,
      state: { value: expect.anything() },
      says: null,
    });
  });

  it('has no state where that cannot be told: half a stream is not folded', async () => {
    const own = journals.server.filter(({ stream }) => stream === 'registration/home/lamp');
    const rest = own.slice(3);
    const { open } = sourceOf('server', rest);
    const upTo = own[2]?.position ?? 0;
    const source: Source = {
      name: 'server',
      kind: 'file',
      open: async () => {
        const journal = await open();
        if (journal === null) return null;
        return {
          ...journal,
          archived: async () => ({ upTo, edge: { size: upTo, roots: [] } }),
          base: async () => null,
          readStream: async (stream, range) => {
            if ((range?.after ?? 0) < 3) throw archivedError(`Stream ${stream}`, upTo);
            return journal.readStream(stream, range);
          },
        };
      },
    };
    const timeline = new Timeline();
    const feed = new Feed(timeline, [source], LATER);
    await feed.catchUp();
    expect(timeline.entries(1).map(({ standing }) => standing.verdict)).toEqual(rest.map(() => 'unknown'));
    const api = new Api(timeline, feed, 'instance');
    const [first] = rest;
    const said = { before: null, after: null, changes: [], says: expect.stringContaining('in an archive') };
    expect(await api.event('server', first?.position ?? 0)).toMatchObject(said);
    expect(await api.state('server:registration/home/lamp', null)).toMatchObject({
      state: null,
      says: expect.stringContaining('cpns replay state --archive FILE'),
    });
  });
});

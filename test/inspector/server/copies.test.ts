import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../journal/port.ts';
import { Copies } from '../../../inspector/server/copies.ts';
import { Feed } from '../../../inspector/server/feed.ts';
import { Timeline } from '../../../inspector/server/timeline.ts';
import { someJournals } from './world.ts';

let events: readonly RecordedEvent[];
beforeAll(async () => {
  events = (await someJournals()).server;
});

const payloadOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const LATER = { now: () => Date.parse('2099-01-01T00:00:00Z') };

async function shown(copies: Copies): Promise<Timeline> {
  const timeline = new Timeline();
  await new Feed(timeline, [copies.source('nats')], LATER).catchUp();
  return timeline;
}

describe('copies of events, as they are heard', () => {
  it('are a journal in the order of their arrival, each once', async () => {
    const copies = new Copies();
    const own = events.filter(({ stream }) => stream === 'registration/home/lamp');
    expect(own.map((event) => copies.take(payloadOf(event)))).toEqual(own.map(() => true));
    expect(own.map((event) => copies.take(payloadOf(event)))).toEqual(own.map(() => false));
    const timeline = await shown(copies);
    expect(timeline.entries(1).map(({ position }) => position)).toEqual(own.map((_, index) => index + 1));
    expect(timeline.actors(timeline.moment)).toMatchObject([
      { key: 'nats:registration/home/lamp', standing: { state: 'registration.idle.registered|session.established' } },
    ]);
  });

  it('of an actor that began before have no state, and nothing is guessed', async () => {
    const copies = new Copies();
    for (const event of events.filter(({ stream, version }) => stream === 'pn/home' && version > 3))
      copies.take(payloadOf(event));
    const timeline = await shown(copies);
    expect(timeline.actors(timeline.moment)).toMatchObject([{ standing: { verdict: 'unknown', state: '' } }]);
  });

  it('that are none, or do not say of which journal they are, are left out', () => {
    const copies = new Copies();
    const [first] = events;
    expect(copies.take(new Uint8Array([0xff, 0xfe]))).toBe(false);
    expect(copies.take(payloadOf('hello'))).toBe(false);
    expect(copies.take(payloadOf({ ...first, version: 0 }))).toBe(false);
    expect(copies.take(payloadOf({ ...first, meta: { role: 'x' } }))).toBe(false);
    for (const stream of ['record', 'keyring']) expect(copies.take(payloadOf({ ...first, stream }))).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { Feed } from '../../../inspector/server/feed.ts';
import { Live } from '../../../inspector/server/live.ts';
import { Timeline } from '../../../inspector/server/timeline.ts';
import { listen, useInspectors } from './asked.ts';
import { sourceOf } from './world.ts';

const inspectors = useInspectors();

describe('the event stream', () => {
  it('tells what comes, and goes on after a reconnect without a gap or a repetition', async () => {
    const events = inspectors().journals.server.slice(0, -4);
    const inspector = await inspectors().start(events);
    const [hello] = await listen(inspector, 1);
    expect(hello?.data).toMatchObject({ kind: 'hello', total: inspector.total });
    events.push(...inspectors().journals.server.slice(-4, -2));
    const [again, entries] = await listen(inspector, 2, hello?.id ?? null);
    expect(again?.data).toMatchObject({ kind: 'hello' });
    expect(positionsOf(entries?.data)).toEqual(
      inspectors()
        .journals.server.slice(-4, -2)
        .map(({ position }) => position),
    );
    events.push(...inspectors().journals.server.slice(-2));
    const [, rest] = await listen(inspector, 2, entries?.id ?? null);
    expect(positionsOf(rest?.data)).toEqual(
      inspectors()
        .journals.server.slice(-2)
        .map(({ position }) => position),
    );
  });

  it('tells a page of an earlier instance, and one that missed too much, to ask anew', async () => {
    const first = await inspectors().start();
    const [hello] = await listen(first, 1);
    const second = await inspectors().start();
    const [resync] = await listen(second, 1, hello?.id ?? null);
    expect(resync?.data).toMatchObject({ kind: 'resync', total: second.total });
    const [instance] = (resync?.id ?? '').split('/');
    const many = Array.from({ length: 8 }, () => inspectors().journals.pnes).flat();
    expect(many.length).toBeGreaterThan(100);
    const [, late] = await listen(second, 2, `${instance}/server:0`);
    expect(late?.data).toMatchObject({ kind: 'entries' });
  });

  it('tells of a journal that comes later and begins behind an archive, though no event comes with it', async () => {
    let isThere = false;
    const empty = sourceOf('late', []);
    const open = async () => {
      const journal = isThere ? await empty.open() : null;
      return journal === null
        ? null
        : { ...journal, archived: async () => ({ upTo: 7, edge: { size: 7, roots: [] } }) };
    };
    const timeline = new Timeline();
    const feed = new Feed(timeline, [{ ...empty, open }], { now: () => 0 });
    await feed.catchUp();
    const live = new Live(timeline, feed, 'instance');
    const told: string[] = [];
    live.add({ write: (text) => void told.push(text), waitingBytes: 0 }, null);
    live.tellAll();
    expect(told).toHaveLength(1);
    isThere = true;
    await feed.catchUp();
    live.tellAll();
    expect(told).toHaveLength(2);
    expect(told[1]).toContain('"kind":"journals"');
    expect(told[1]).toContain('"archived":7');
  });
});

const positionsOf = (data: Record<string, unknown> | undefined): readonly number[] => {
  const { entries = [] } = (data ?? {}) as { entries?: readonly { position: number }[] };
  return entries.map(({ position }) => position);
};

import { describe, expect, it } from 'vitest';
import { parseSubject } from '../../../messages/subjects.ts';
import { textWidth } from '../../../inspector/charts/text-size.ts';
import { sequenceToMermaid } from '../../../inspector/sequence/mermaid.ts';
import { sequenceToSvg } from '../../../inspector/sequence/picture.ts';
import { Feed } from '../../../inspector/server/feed.ts';
import { Filtered, type EventFilter } from '../../../inspector/server/filter.ts';
import { sequencePage } from '../../../inspector/server/sequence.ts';
import { Timeline } from '../../../inspector/server/timeline.ts';
import type { SequencePage } from '../../../inspector/protocol/sequence.ts';
import { device, GATEWAY, NODES, World, type NodeName } from '../../simulation/world.ts';
import { sourceOf } from './world.ts';

/** A member that registers while some of its messages are lost: the first so many of each kind. */
async function registered(
  losing: Readonly<Record<string, number>>,
  nodes: readonly NodeName[] = NODES,
): Promise<Timeline> {
  const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: ['lamp'] }];
  const world = await World.start({ pns, devices: [device('lamp', 'home')] });
  await world.calm();
  const left = new Map(Object.entries(losing));
  await world.register('lamp');
  await world.settle();
  for (let next = world.network.inFlight[0]; next !== undefined; next = world.network.inFlight[0]) {
    const address = parseSubject(next.subject);
    const kind = `${address?.leg} ${address?.type}`;
    const count = left.get(kind) ?? 0;
    left.set(kind, count - 1);
    if (count > 0) world.network.drop(0);
    else world.network.deliver(0);
    await world.settle();
  }
  await world.calm();
  const sources = await Promise.all(nodes.map(async (name) => sourceOf(name, await world.events(name))));
  const timeline = new Timeline();
  await new Feed(timeline, sources, { now: () => Date.parse('2099-01-01T00:00:00Z') }).catchUp();
  return timeline;
}

function page(timeline: Timeline, filter: EventFilter, range = { offset: 0, limit: 1_000 }): SequencePage {
  return sequencePage(timeline, new Filtered(timeline).seqs(filter, timeline.total), range);
}

const arrowsOf = ({ rows, lifelines }: SequencePage): readonly string[] =>
  rows.flatMap(({ arrows }) =>
    arrows.map(({ fate, source, target, title }) => {
      const names = [source, target].map((line) => (line === null ? '-' : (lifelines[line]?.role ?? '?')));
      return `${fate}: ${names.join(' > ')} ${title}`;
    }),
  );

describe('the sequence chart', () => {
  it('has the messages of a registration in the order of the change request, from line to line', async () => {
    const chart = page(await registered({}), { device: 'lamp' });
    expect(chart.lifelines.map(({ role }) => role)).toContain('pne');
    expect(arrowsOf(chart)).toEqual([
      'arrived: pne > pn-gateway PNE Registration Request',
      'arrived: pn-gateway > cpns-server PNE Registration Request',
      'arrived: cpns-server > pn-gateway PNE Registration Response',
      'arrived: pn-gateway > pne PNE Registration Response',
      'arrived: pne > cpns-server first sealed message',
      'arrived: cpns-server > pne sealed confirmation',
    ]);
    for (const { arrows } of chart.rows)
      for (const { sentRow, receivedRow, latencyMs } of arrows) {
        expect(receivedRow).toBeGreaterThan(sentRow);
        expect(latencyMs).toBeGreaterThanOrEqual(0);
      }
  });

  it('marks a request that was lost, and draws the one that was sent again and came', async () => {
    const chart = page(await registered({ 'link.up registration-request': 1 }), { device: 'lamp' });
    expect(arrowsOf(chart).slice(0, 2)).toEqual([
      'lost: pne > pn-gateway PNE Registration Request',
      'arrived: pne > pn-gateway PNE Registration Request',
    ]);
    const again = chart.rows.find(({ entry }) => entry.type === 'AnswerOverdue');
    expect(again?.arrows).toMatchObject([{ fate: 'arrived', receivedRow: expect.any(Number) }]);
  });

  it('marks a request that was sent again although it had come: its answer was lost', async () => {
    const chart = page(await registered({ 'link.down registration-response': 1 }), { device: 'lamp' });
    const again = chart.rows.find(({ entry }) => entry.type === 'AnswerOverdue');
    expect(again?.arrows).toMatchObject([{ fate: 'duplicate', title: 'PNE Registration Request', receivedRow: null }]);
  });

  it('says of a message whose receiver has no journal at hand that nobody saw it, not that it was lost', async () => {
    const chart = page(await registered({}, ['pnes']), { device: 'lamp' });
    expect(new Set(arrowsOf(chart).map((arrow) => arrow.split(':')[0]))).toEqual(new Set(['unseen']));
  });

  it('gives pages of which each has the arrows that come in from before it', async () => {
    const timeline = await registered({});
    const whole = page(timeline, { device: 'lamp' });
    const [sent, received] = ['RegistrationRequested', 'RegistrationRequestReceived'].map((type) =>
      whole.rows.findIndex(({ entry }) => entry.type === type),
    );
    if (sent === undefined || received === undefined) throw new Error('The request is not there.');
    const later = page(timeline, { device: 'lamp' }, { offset: received, limit: 5 });
    expect(later.offset).toBe(received);
    expect(later.total).toBe(whole.total);
    expect(later.rows[0]?.arrows[0]).toMatchObject({ receivedRow: received, sentRow: sent });
  });

  it('lets the actors of a journal share a line where there are too many', async () => {
    const timeline = await registered({});
    const names = page(timeline, {}).lifelines.map(({ key }) => key);
    expect(names.length).toBeLessThanOrEqual(12);
  });

  it('becomes SVG and mermaid text with all of it', async () => {
    const whole = page(await registered({ 'link.up registration-request': 1 }), { device: 'lamp' });
    const { rows } = whole;
    const svg = sequenceToSvg(whole, 'light');
    expect(svg.match(/class="event-row/g)).toHaveLength(rows.length);
    expect(svg).toContain('lost: PNE Registration Request');
    expect(svg).not.toMatch(/NaN|undefined/);
    const mermaid = sequenceToMermaid(whole).split('\n');
    expect(mermaid[0]).toBe('sequenceDiagram');
    expect(mermaid.filter((line) => / L\d-xL\d: lost: /.test(line))).toHaveLength(1);
    expect(mermaid.filter((line) => / L\d->>L\d: /.test(line))).toHaveLength(6);
  });
  it('says in a file what is left out, and nothing where nothing is', async () => {
    const whole = page(await registered({}), { device: 'lamp' });
    const part = { ...whole, rows: whole.rows.slice(0, 3) };
    const says = `The first 3 of ${whole.total} events.`;
    for (const written of [(given: SequencePage) => sequenceToSvg(given, 'light'), sequenceToMermaid]) {
      expect(written(part)).toContain(says);
      expect(written(whole)).not.toContain('The first');
    }
  });

  it('draws what is written over every arrow, and an arrow to nobody within the picture', async () => {
    const chart = page(await registered({}), { role: 'pne' });
    expect(chart.rows.flatMap(({ arrows }) => arrows).some(({ target }) => target === null)).toBe(true);
    const svg = sequenceToSvg(chart, 'light');
    expect(svg.lastIndexOf('class="message')).toBeLessThan(svg.indexOf('class="said'));
    const [, width] = /<svg [^>]*width="(\d+)"/.exec(svg) ?? [];
    for (const [, x] of svg.matchAll(/x2="([\d.-]+)"/g)) {
      expect(Number(x)).toBeGreaterThan(0);
      expect(Number(x)).toBeLessThan(Number(width));
    }
    expect(sequenceToMermaid(chart)).toContain('PNE Registration Request');
  });

  it('gives the names of its lifelines room beside one another', async () => {
    const { lifelines, ...rest } = page(await registered({}), { device: 'lamp' });
    const long = lifelines.map((line) => ({
      ...line,
      title: `registration/home/${'lamp-of-the-guest-room-'.repeat(2)}`,
    }));
    const svg = sequenceToSvg({ ...rest, lifelines: long }, 'light');
    const at = [...svg.matchAll(/class="name" x="(\d+)"/g)].map(([, x]) => Number(x));
    const needed = textWidth('lamp-of-the-guest-room-'.repeat(2), 12);
    expect(at.length).toBe(lifelines.length);
    for (const [index, x] of at.slice(1).entries()) expect(x - (at[index] ?? 0)).toBeGreaterThan(needed);
  });
});

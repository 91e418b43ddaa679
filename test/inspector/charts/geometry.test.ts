import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import type { Box, ChartGeometry, Point } from '../../../inspector/charts/geometry.ts';
import { graphOf } from '../../../inspector/charts/graph.ts';
import { layOut } from '../../../inspector/charts/layout.ts';
import { LINE } from '../../../inspector/charts/measures.ts';
import { textWidth } from '../../../inspector/charts/text-size.ts';
import { chartOfMachine } from '../../../machines/chart.ts';
import { isChartId, CHARTS } from '../../../machines/catalogue.ts';
import { FONT } from '../../../inspector/picture/font.ts';

/** Has what no chart of the system has yet: parallel regions, final states, and arrows into, out of and within nests. */
const train = chartOfMachine(
  'train',
  setup({
    types: { events: {} as { readonly type: 'Left' | 'Arrived' | 'Opened' | 'Broken' | 'Scrapped' } },
    actions: { ring: () => {} },
  }).createMachine({
    id: 'train',
    initial: 'waiting',
    on: { Broken: { target: '.broken', actions: 'ring' } },
    states: {
      waiting: { on: { Left: 'running.doors.shut', Opened: { target: 'waiting', reenter: true } } },
      running: {
        type: 'parallel',
        on: { Arrived: 'waiting' },
        states: {
          doors: {
            initial: 'shut',
            states: { shut: { on: { Opened: 'open' } }, open: { on: { Scrapped: '#train.gone' } } },
          },
          lights: {
            initial: 'off',
            states: { off: { on: { Left: 'on' } }, on: { on: { Arrived: '#train.running' } } },
          },
        },
      },
      broken: { on: { Scrapped: 'gone', Left: 'running' } },
      gone: { type: 'final' },
    },
  }),
);

const charts = [
  ...Object.keys(CHARTS)
    .filter(isChartId)
    .map((id) => CHARTS[id]),
  train,
].map((chart) => ({
  id: chart.id,
  graph: graphOf(chart),
}));

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const contains = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** Half a pixel: coordinates are rounded. */
const isOnBorder = ({ x, y }: Point, box: Box): boolean => {
  const [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  const near = (a: number, b: number): boolean => Math.abs(a - b) < 0.5;
  const isInside = x > left - 0.5 && x < right + 0.5 && y > top - 0.5 && y < bottom + 0.5;
  return isInside && (near(x, left) || near(x, right) || near(y, top) || near(y, bottom));
};

const boxOf = ({ states }: ChartGeometry, id: string): Box => {
  const found = states.find((state) => state.id === id);
  if (found === undefined) throw new Error(`${id} is not drawn.`);
  return found;
};
const isWithin = (id: string, around: string): boolean => around === '' || id.startsWith(`${around}.`);
const rowsOf = ({ states, arrows }: ChartGeometry) => [
  ...states.flatMap((state) => state.rows.map((row) => ({ row, box: state as Box }))),
  ...arrows.flatMap(({ label }) => label.rows.map((row) => ({ row, box: label as Box }))),
];

describe.each(charts)('the layout of $id', ({ graph }) => {
  it('draws every state and every transition', async () => {
    const geometry = await layOut(graph);
    expect(geometry.states.map(({ id }) => id)).toEqual(graph.states.map(({ id }) => id));
    const drawn = rowsOf(geometry).flatMap(({ row }) => row.transition ?? []);
    expect(new Set(drawn)).toEqual(new Set(graph.transitions.map(({ id }) => id)));
    expect(geometry.beginnings.map(({ state }) => state)).toEqual(
      graph.states.flatMap(({ id, initial }) => {
        const isAlone = graph.states.filter(({ parent }) => parent === id).length === 1;
        return initial === null || isAlone ? [] : [initial];
      }),
    );
  });

  it('has nothing outside the picture', async () => {
    const geometry = await layOut(graph);
    const picture = { x: 0, y: 0, width: geometry.width, height: geometry.height };
    const corners = [...geometry.arrows, ...geometry.beginnings].flatMap(({ points }) => points);
    for (const { x, y } of corners) expect(contains(picture, { x, y, width: 0, height: 0 })).toBe(true);
    for (const { label } of geometry.arrows) expect(contains(picture, label)).toBe(true);
    for (const state of geometry.states) expect(contains(picture, state)).toBe(true);
  });

  it('puts inner states into the box around them, and no others', async () => {
    const geometry = await layOut(graph);
    for (const [index, a] of geometry.states.entries())
      for (const b of geometry.states.slice(index + 1)) {
        if (isWithin(b.id, a.id)) expect(contains(a, b), `${b.id} in ${a.id}`).toBe(true);
        else expect(overlap(a, b), `${a.id}, ${b.id}`).toBe(false);
      }
  });

  it('lays no label over another one, or over a state that is not around it', async () => {
    const geometry = await layOut(graph);
    for (const [index, { id, source, label }] of geometry.arrows.entries()) {
      for (const other of geometry.arrows.slice(index + 1))
        expect(overlap(label, other.label), `${id}, ${other.id}`).toBe(false);
      for (const state of geometry.states)
        if (!isWithin(source, state.id)) expect(overlap(label, state), `${id}, ${state.id}`).toBe(false);
    }
  });

  it('routes every arrow from the border of its source to that of its target, past other labels and states', async () => {
    const geometry = await layOut(graph);
    for (const { id, source, target, points, label } of geometry.arrows) {
      const [first, last] = [points.at(0), points.at(-1)];
      if (first === undefined || last === undefined) throw new Error(`${id} has no points.`);
      expect(isOnBorder(first, boxOf(geometry, source)), `${id} leaves ${source}`).toBe(true);
      expect(isOnBorder(last, boxOf(geometry, target)), `${id} reaches ${target}`).toBe(true);
      const lines = points.slice(1).map((end, index): Box => {
        const start = points[index] ?? end;
        const [x, y] = [Math.min(start.x, end.x), Math.min(start.y, end.y)];
        return { x, y, width: Math.abs(end.x - start.x), height: Math.abs(end.y - start.y) };
      });
      for (const line of lines) expect(line.width === 0 || line.height === 0, `${id} is straight`).toBe(true);
      expect(
        lines.some((line) => overlap(line, label) || touches(line, label)),
        `${id} bears its label`,
      ).toBe(true);
      for (const other of geometry.arrows)
        if (other.id !== id)
          for (const line of lines) expect(overlap(inset(line), other.label), `${id} over ${other.id}`).toBe(false);
      for (const state of geometry.states)
        if (!isWithin(source, state.id) && state.id !== source && state.id !== target)
          for (const line of lines) expect(overlap(inset(line), state), `${id} over ${state.id}`).toBe(false);
    }
  });

  it('gives every line of text its room: inside its box, and under the line before it', async () => {
    const geometry = await layOut(graph);
    for (const { row, box } of rowsOf(geometry)) {
      const { height, base } = LINE[row.kind];
      const text = { x: row.at.x, y: row.at.y - base, width: textWidth(row.text, FONT[row.kind]), height };
      expect(contains(box, text), row.text).toBe(true);
    }
    for (const { rows } of [...geometry.states, ...geometry.arrows.map(({ label }) => label)])
      for (const [index, row] of rows.slice(1).entries())
        expect(row.at.y - (rows[index]?.at.y ?? 0)).toBeGreaterThanOrEqual(LINE[row.kind].height - 4);
    for (const state of geometry.states)
      for (const row of state.rows)
        for (const inner of geometry.states)
          if (isWithin(inner.id, state.id) && inner.id !== '') {
            const { height, base } = LINE[row.kind];
            const text = { x: row.at.x, y: row.at.y - base, width: textWidth(row.text, FONT[row.kind]), height };
            expect(overlap(text, inner), `${row.text} over ${inner.id}`).toBe(false);
          }
  });
});

/** A line has no width: a hair less than its length must not touch what it only passes. */
const inset = ({ x, y, width, height }: Box): Box => ({
  x: x - 0.01,
  y: y - 0.01,
  width: width + 0.02,
  height: height + 0.02,
});
const touches = (line: Box, box: Box): boolean => overlap(inset(line), box);

describe('the layout', () => {
  it('is the same every time, and made once for a chart', async () => {
    const graph = graphOf(CHARTS['pn-gateway/usage']);
    const first = layOut(graph);
    expect(layOut(graph)).toBe(first);
    expect(await layOut({ ...graph, hash: 'another' })).toEqual({ ...(await first), hash: 'another' });
  });
});

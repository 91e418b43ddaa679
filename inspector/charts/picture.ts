import { shape, toText, type Shape } from '../picture/shape.ts';
import { CHART_RULES, styleOfFile, type Theme } from '../picture/theme.ts';
import type { Arrow, Beginning, ChartGeometry, Point, Row, StateBox } from './geometry.ts';
import type { ChartGraph, GraphTransition } from './graph.ts';
import { LINE, PADDING } from './measures.ts';

/** What is true of one actor: ids of states and transitions. */
export interface Marks {
  readonly active: ReadonlySet<string>;
  readonly fired: ReadonlySet<string>;
  readonly possible: ReadonlySet<string>;
}

export const NO_MARKS: Marks = { active: new Set(), fired: new Set(), possible: new Set() };

/** Radius of the corners of a box, of a label, and of an arrow's bend. */
const ROUND = { box: 8, label: 5, bend: 6 } as const;
const TIP = { length: 8, half: 4 } as const;

/** The chart as an SVG element; text and tooltips in it are of the chart alone. */
export function drawChart(
  geometry: ChartGeometry,
  transitions: ReadonlyMap<string, GraphTransition>,
  marks: Marks = NO_MARKS,
): Shape {
  const { id, width, height, states, arrows, beginnings, description } = geometry;
  const pen = { transitions, marks };
  return shape(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'chart',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': `State chart ${id}. ${description}`,
    },
    ...states.map((state) => drawState(state, pen)),
    ...beginnings.map(drawBeginning),
    ...arrows.map((arrow) => drawLine(arrow, pen)),
    ...arrows.map((arrow) => drawLabel(arrow, pen)),
  );
}

/** A file of its own, with its colours in it. */
export function chartToSvg(geometry: ChartGeometry, graph: ChartGraph, theme: Theme, marks: Marks = NO_MARKS): string {
  const transitions = new Map(graph.transitions.map((each) => [each.id, each]));
  const drawn = drawChart(geometry, transitions, marks);
  const style = shape('style', {}, styleOfFile(theme, CHART_RULES));
  return `${toText({ ...drawn, children: [style, ...drawn.children] })}\n`;
}

interface Pen {
  readonly transitions: ReadonlyMap<string, GraphTransition>;
  readonly marks: Marks;
}

const classes = (...names: readonly (string | false)[]): string => names.filter((name) => name !== false).join(' ');

function drawState(state: StateBox, pen: Pen): Shape {
  const { id, kind, x, y, width, height, title, titleAt, rows, description } = state;
  const isFrame = id === '';
  const ruleY = y + PADDING.box + LINE.title.height + PADDING.box / 2;
  return shape(
    'g',
    {
      class: classes(
        isFrame ? 'frame' : 'state',
        kind === 'compound' && 'outer',
        kind === 'parallel' && 'parallel',
        kind === 'final' && 'final',
        pen.marks.active.has(id) && 'active',
      ),
      'data-state': id,
    },
    ...(description === '' ? [] : [shape('title', {}, description)]),
    shape('rect', {
      ...(isFrame
        ? { class: 'paper', x: x + 0.5, y: y + 0.5, width: width - 1, height: height - 1 }
        : { x, y, width, height }),
      rx: ROUND.box,
    }),
    ...(kind === 'final'
      ? [shape('rect', { x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: ROUND.box - 2 })]
      : []),
    shape('text', { class: 'title', x: titleAt.x, y: titleAt.y }, title),
    ...(rows.length === 0
      ? []
      : [shape('line', { class: 'rule', x1: x + 1, x2: x + width - 1, y1: ruleY, y2: ruleY })]),
    ...rows.map((row) => drawRow(row, pen)),
  );
}

function drawRow({ at, text, kind, transition }: Row, { transitions, marks }: Pen): Shape {
  const about = transition === null ? undefined : transitions.get(transition);
  return shape(
    'text',
    {
      class: classes(
        kind,
        transition !== null && marks.fired.has(transition) && 'fired',
        transition !== null && marks.possible.has(transition) && 'possible',
      ),
      x: at.x,
      y: at.y,
      ...(transition === null ? {} : { 'data-transition': transition }),
    },
    ...(about === undefined ? [] : [shape('title', {}, noteOf(about))]),
    text,
  );
}

/** What a tooltip says of a transition. */
function noteOf({ event, guard, actions, description, steps, brings }: GraphTransition): string {
  return [
    guard === null ? event : `${event} [${guard}]`,
    ...(description === '' ? [] : [description]),
    ...(steps.length === 0 ? [] : [`Change request ${steps.join(', ')}`]),
    ...(brings === 'timer' ? ['Brought by a timer'] : []),
    ...(actions.length === 0 ? [] : [`Actions: ${actions.join(', ')}`]),
  ].join('\n');
}

const classOf = ({ transitions }: Arrow, { marks }: Pen): string =>
  classes(
    'arrow',
    transitions.some((id) => marks.fired.has(id)) && 'fired',
    transitions.some((id) => marks.possible.has(id)) && 'possible',
  );

function drawLine(arrow: Arrow, pen: Pen): Shape {
  return shape('g', { class: classOf(arrow, pen), 'data-arrow': arrow.id }, ...lineAndTip(arrow.points));
}

function drawLabel(arrow: Arrow, pen: Pen): Shape {
  const { x, y, width, height, rows } = arrow.label;
  return shape(
    'g',
    { class: classOf(arrow, pen) },
    shape('rect', { class: 'label', x, y, width, height, rx: ROUND.label }),
    ...rows.map((row) => drawRow(row, pen)),
  );
}

function drawBeginning({ dot, points }: Beginning): Shape {
  return shape(
    'g',
    { class: 'arrow' },
    shape('circle', { class: 'dot', cx: dot.x, cy: dot.y, r: dot.radius }),
    ...lineAndTip(points),
  );
}

const shorter = (value: number): number => Math.round(value * 10) / 10;

function lineAndTip(points: readonly Point[]): readonly Shape[] {
  const [tip, before] = [points.at(-1), points.at(-2)];
  if (tip === undefined || before === undefined) return [];
  const length = Math.hypot(tip.x - before.x, tip.y - before.y) || 1;
  const [dx, dy] = [(tip.x - before.x) / length, (tip.y - before.y) / length];
  const end = { x: tip.x - dx * TIP.length, y: tip.y - dy * TIP.length };
  const corner = (side: number): string =>
    `${shorter(end.x - dy * TIP.half * side)} ${shorter(end.y + dx * TIP.half * side)}`;
  return [
    shape('path', { d: rounded([...points.slice(0, -1), end]) }),
    shape('path', { class: 'tip', d: `M${shorter(tip.x)} ${shorter(tip.y)}L${corner(1)}L${corner(-1)}Z` }),
  ];
}

/** A path along the points whose corners are rounded. */
function rounded(points: readonly Point[]): string {
  const towards = (from: Point, to: Point, by: number): string => {
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const part = Math.min(by, length / 2) / length;
    return `${shorter(from.x + (to.x - from.x) * part)} ${shorter(from.y + (to.y - from.y) * part)}`;
  };
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      const here = `${shorter(point.x)} ${shorter(point.y)}`;
      if (before === undefined) return `M${here}`;
      if (after === undefined) return `L${here}`;
      return `L${towards(point, before, ROUND.bend)}Q${here} ${towards(point, after, ROUND.bend)}`;
    })
    .join('');
}

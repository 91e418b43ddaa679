import { textWidth } from '../charts/text-size.ts';
import {
  leftOut,
  nameOfRole,
  type Fate,
  type Lifeline,
  type SequenceArrow,
  type SequencePage,
  type SequenceRow,
} from '../protocol/sequence.ts';
import { shape, toText, type Shape } from '../picture/shape.ts';
import { SEQUENCE_RULES, styleOfFile, type Theme } from '../picture/theme.ts';

/** Lengths in CSS pixels. Left of the lifelines each row has its time and the event. */
export const ROW_HEIGHT = 30;
export const HEAD_HEIGHT = 46;
const GUTTER = 300;
const EVENT_AT = 96;
const MIN_SPACING = 150;
/** Between the names of two lifelines. */
const GAP = 18;
const END = 100;
/** Length of an arrow to where no lifeline is. */
const STUB = 230;
const DOT = 4;
const TIP = { length: 8, half: 4 } as const;
const CROSS = 5;
const FONT_SIZE = 12;

export interface Frame {
  readonly lifelines: readonly Lifeline[];
  /** At least this wide; more lifelines make it wider. */
  readonly width: number;
}

/** A stream by its last name, which stands above what it is one of: whole names side by side have no room. */
function headOf({ title, role }: Lifeline): { readonly name: string; readonly of: string } {
  const parts = title.split('/');
  const [kind = ''] = parts;
  const party = nameOfRole(role);
  return { name: parts.at(-1) ?? title, of: parts.length === 1 || kind === role ? party : `${party} \u00b7 ${kind}` };
}

function spacingOf(lifelines: readonly Lifeline[]): number {
  const widths = lifelines.flatMap((line) => Object.values(headOf(line)).map((text) => textWidth(text, FONT_SIZE)));
  return Math.max(MIN_SPACING, Math.ceil(Math.max(0, ...widths)) + GAP);
}

export function sequenceWidth({ lifelines, width }: Frame): number {
  return Math.max(width, GUTTER + END + spacingOf(lifelines) * Math.max(0, lifelines.length - 1) + END);
}

function lineX(frame: Frame, index: number): number {
  const room = sequenceWidth(frame) - GUTTER - 2 * END;
  const spacing = frame.lifelines.length < 2 ? 0 : room / (frame.lifelines.length - 1);
  return Math.round(GUTTER + END + spacing * index);
}

/** Names of the lifelines, which stay in sight while the rows go by. */
export function drawHeads(frame: Frame): readonly Shape[] {
  return frame.lifelines.map((line, index) => {
    const { name, of } = headOf(line);
    const at = { x: lineX(frame, index), 'text-anchor': 'middle' };
    return shape(
      'g',
      { class: 'head' },
      shape('title', {}, line.title),
      shape('text', { class: 'name', ...at, y: 20 }, name),
      shape('text', { class: 'role', ...at, y: 36 }, of),
    );
  });
}

/**
 * Rows as they stand below one another, the first at y = 0.
 * @param firstRow number of the first one in the whole chart
 */
export function drawRows(
  frame: Frame,
  rows: readonly SequenceRow[],
  firstRow: number,
  chosen: string | null = null,
): readonly Shape[] {
  const height = rows.length * ROW_HEIGHT;
  const lines = frame.lifelines.map((_, index) =>
    shape('line', { class: 'lifeline', x1: lineX(frame, index), x2: lineX(frame, index), y1: 0, y2: height }),
  );
  const arrows = rows.flatMap((row) => row.arrows.map((arrow) => drawArrow(frame, arrow, firstRow)));
  // What is written comes last: no arrow crosses it.
  return [
    ...lines,
    ...rows.map((row, index) => drawRow(frame, row, index, chosen)),
    ...arrows.map(({ drawn }) => drawn),
    ...arrows.map(({ said }) => said),
  ];
}

const middleOf = (row: number): number => row * ROW_HEIGHT + ROW_HEIGHT / 2;

function drawRow(frame: Frame, { entry, lifeline }: SequenceRow, index: number, chosen: string | null): Shape {
  const { journal, position, type, at, crStep, code, failed } = entry;
  const name = `${journal}:${position}`;
  const y = middleOf(index);
  const said = [type, ...(code === null ? [] : [String(code)])].join(' ');
  return shape(
    'g',
    {
      class: ['event-row', failed && 'failed', name === chosen && 'chosen'].filter(Boolean).join(' '),
      'data-event': name,
    },
    shape('title', {}, [said, ...(crStep === null ? [] : [`step ${crStep}`]), entry.stream, at].join('\n')),
    shape('rect', { class: 'hit', x: 0, y: y - ROW_HEIGHT / 2, width: sequenceWidth(frame), height: ROW_HEIGHT }),
    shape('text', { class: 'time', x: 10, y: y + 4 }, at.slice(11, 23)),
    shape('text', { class: 'event', x: EVENT_AT, y: y + 4 }, said),
    shape('circle', { class: 'dot', cx: lineX(frame, lifeline), cy: y, r: DOT }),
  );
}

const SAYS: Readonly<Record<Fate, string>> = {
  arrived: '',
  refused: 'refused: ',
  lost: 'lost: ',
  unseen: '',
  duplicate: 'again: ',
};

function drawArrow(
  frame: Frame,
  arrow: SequenceArrow,
  firstRow: number,
): { readonly drawn: Shape; readonly said: Shape } {
  const { title, fate, source, target, sentRow, receivedRow, latencyMs, event } = arrow;
  const start = { x: lineX(frame, source), y: middleOf(sentRow - firstRow) };
  const stub = start.x + STUB > sequenceWidth(frame) ? -STUB : STUB;
  const goal = target === null ? start.x + stub : lineX(frame, target);
  const isLost = fate === 'lost';
  const end = {
    x: isLost ? start.x + (goal - start.x) * 0.7 : goal,
    y: receivedRow === null ? start.y + ROW_HEIGHT / 3 : middleOf(receivedRow - firstRow),
  };
  const length = Math.hypot(end.x - start.x, end.y - start.y) || 1;
  const [dx, dy] = [(end.x - start.x) / length, (end.y - start.y) / length];
  const [from, to] = [
    { x: start.x + dx * (DOT + 1), y: start.y + dy * (DOT + 1) },
    { x: end.x - dx * (DOT + 1), y: end.y - dy * (DOT + 1) },
  ];
  const base = { x: to.x - dx * TIP.length, y: to.y - dy * TIP.length };
  const corner = (side: number): string =>
    `${round(base.x - dy * TIP.half * side)} ${round(base.y + dx * TIP.half * side)}`;
  const latency = latencyMs === null ? '' : `, ${latencyMs} ms`;
  const text = `${SAYS[fate]}${title}${latency}`;
  const ends = { x1: round(from.x), y1: round(from.y), x2: round(to.x), y2: round(to.y) };
  const drawn = shape(
    'g',
    { class: `message ${fate}`, 'data-fate': fate, 'data-event': event },
    shape('title', {}, text),
    shape('line', { class: 'grip', ...ends }),
    shape('line', { class: 'shaft', ...ends }),
    isLost
      ? shape('path', { class: 'cross', d: cross(end.x, end.y) })
      : shape('path', { class: 'tip', d: `M${round(to.x)} ${round(to.y)}L${corner(1)}L${corner(-1)}Z` }),
  );
  const at = { x: round((start.x + end.x) / 2), y: round((start.y + end.y) / 2 + 4), 'text-anchor': 'middle' };
  return { drawn, said: shape('text', { class: `said ${fate}`, 'data-event': event, ...at }, text) };
}

const round = (value: number): number => Math.round(value * 10) / 10;

const cross = (x: number, y: number): string =>
  `M${round(x - CROSS)} ${round(y - CROSS)}l${2 * CROSS} ${2 * CROSS}m0 ${-2 * CROSS}l${-2 * CROSS} ${2 * CROSS}`;

/** The chart as a file: its rows under the names of their lifelines; at the end what was left out. */
export function sequenceToSvg(page: SequencePage, theme: Theme): string {
  const { lifelines, rows } = page;
  const frame = { lifelines, width: 0 };
  const note = leftOut(page);
  const rowsHeight = rows.length * ROW_HEIGHT;
  const [width, height] = [sequenceWidth(frame), HEAD_HEIGHT + rowsHeight + (note === null ? 0 : ROW_HEIGHT)];
  const end = note === null ? [] : [shape('text', { class: 'name', x: 10, y: HEAD_HEIGHT + rowsHeight + 18 }, note)];
  const svg = shape(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', class: 'sequence', width, height, viewBox: `0 0 ${width} ${height}` },
    shape('style', {}, styleOfFile(theme, SEQUENCE_RULES)),
    shape('rect', { class: 'paper', width, height }),
    ...drawHeads(frame),
    shape('g', { transform: `translate(0 ${HEAD_HEIGHT})` }, ...drawRows(frame, rows, 0)),
    ...end,
  );
  return `${toText(svg)}\n`;
}

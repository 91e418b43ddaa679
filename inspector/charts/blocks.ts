import type { Row } from './geometry.ts';
import type { GraphState, GraphTransition } from './graph.ts';
import { DETAIL_WIDTH, GAP, LINE } from './measures.ts';
import { textWidth, wrapWords } from './text-size.ts';
import { FONT } from '../picture/font.ts';

/** Lines of text that have a size and no place yet. */
export interface TextBlock {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Pick<Row, 'text' | 'kind' | 'transition'>[];
}

/** What stands above a line that is not the first: an event begins something new. */
const gapBefore = ({ kind }: TextBlock['lines'][number], index: number): number =>
  kind === 'event' && index > 0 ? GAP : 0;

const heightOf = (lines: TextBlock['lines']): number =>
  lines.reduce((sum, line, index) => sum + gapBefore(line, index) + LINE[line.kind].height, 0);

function block(lines: TextBlock['lines']): TextBlock {
  const widths = lines.map(({ text, kind }) => textWidth(text, FONT[kind]));
  return { lines, width: Math.ceil(Math.max(0, ...widths)), height: heightOf(lines) };
}

export function stacked(blocks: readonly TextBlock[]): TextBlock {
  return block(blocks.flatMap(({ lines }) => lines));
}

/** @param at top left corner of the block */
export function placed({ lines }: TextBlock, at: { readonly x: number; readonly y: number }): readonly Row[] {
  let top = at.y;
  return lines.map((line, index) => {
    top += gapBefore(line, index);
    const row = { ...line, at: { x: at.x, y: top + LINE[line.kind].base } };
    top += LINE[line.kind].height;
    return row;
  });
}

/** @param from named where the arrow begins at a state around the source; @param to where it ends at one around the target */
export function transitionBlock(
  { id, event, guard, actions, steps, brings }: GraphTransition,
  { from, to }: { readonly from: string | null; readonly to: string | null },
): TextBlock {
  const text = [
    ...(from === null ? [] : [`${from}:`]),
    ...(brings === 'timer' ? ['timer'] : []),
    event,
    ...(guard === null ? [] : [`[${guard}]`]),
    ...(to === null ? [] : [`\u2192 ${to}`]),
  ].join(' ');
  const realises = steps.map((step) => `step ${step}`).join(', ');
  return block([
    { text, kind: 'event', transition: id },
    ...(steps.length === 0 ? [] : [{ text: realises, kind: 'step' as const, transition: id }]),
    ...details('/', actions, id),
  ]);
}

/** A sentence about the whole. */
export function sentenceBlock(text: string): TextBlock {
  return block(text === '' ? [] : [{ text, kind: 'detail', transition: null }]);
}

/** What a state does when it is entered and left. */
export function stateBlock({ entry, exit }: GraphState): TextBlock {
  return block([...details('entry /', entry, null), ...details('exit /', exit, null)]);
}

function details(head: string, actions: readonly string[], transition: string | null): TextBlock['lines'] {
  if (actions.length === 0) return [];
  return wrapWords(actions, FONT.detail, DETAIL_WIDTH).map((line, index) => ({
    text: index === 0 ? `${head} ${line}` : line,
    kind: 'detail',
    transition,
  }));
}

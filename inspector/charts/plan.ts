import { sentenceBlock, stacked, stateBlock, transitionBlock, type TextBlock } from './blocks.ts';
import type { ChartGraph, GraphState, GraphTransition } from './graph.ts';
import { LINE, PADDING } from './measures.ts';
import { textWidth } from './text-size.ts';
import { FONT } from '../picture/font.ts';

/** An arrow between two states of one parent. */
export interface Lifted {
  readonly parent: string;
  readonly source: string;
  readonly target: string;
  readonly transitions: readonly GraphTransition[];
  readonly label: TextBlock;
}

/** What is in a box above its inner states. */
export interface Head {
  readonly state: GraphState;
  readonly rows: TextBlock;
  readonly width: number;
  readonly height: number;
}

/** What a layout has to find places for: a box for each state, and arrows between those of one parent. */
export interface Plan {
  readonly heads: ReadonlyMap<string, Head>;
  readonly arrows: readonly Lifted[];
}

export function planOf(graph: ChartGraph): Plan {
  const drawn = graph.transitions.flatMap((transition) =>
    transition.targets.flatMap((target) => lift(transition, target) ?? []),
  );
  const together = Map.groupBy(drawn, ({ source, target }) => `${source}>${target}`);
  const arrows = [...together.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { parent, source, target } = first;
    const label = stacked(same.map(({ transition, from, to }) => transitionBlock(transition, { from, to })));
    return [{ parent, source, target, transitions: same.map(({ transition }) => transition), label }];
  });
  const heads = new Map(graph.states.map((state) => [state.id, headOf(graph, state)]));
  return { heads, arrows };
}

const isWithin = (state: string, around: string): boolean =>
  around === '' || state === around || state.startsWith(`${around}.`);
const parentOf = (state: string): string => state.split('.').slice(0, -1).join('.');

/** The state that `state` is in, or is, among the inner ones of `parent`. */
function childTowards(parent: string, state: string): string {
  const depth = parent === '' ? 1 : parent.split('.').length + 1;
  return state.split('.').slice(0, depth).join('.');
}

/** `state` as it is called within `around`; null where it is that. */
const nameWithin = (around: string, state: string): string | null =>
  state === around ? null : state.slice(around.length + 1);

function lift(transition: GraphTransition, target: string) {
  const { source } = transition;
  if (isWithin(source, target) || isWithin(target, source)) return null;
  let parent = parentOf(source);
  while (!isWithin(target, parent)) parent = parentOf(parent);
  const [from, to] = [childTowards(parent, source), childTowards(parent, target)];
  return {
    transition,
    parent,
    source: from,
    target: to,
    from: nameWithin(from, source),
    to: nameWithin(to, target),
  };
}

/** Where a transition ends that is a row in the box of its source. */
function rowTarget(source: string, target: string | undefined): string | null {
  if (target === undefined) return null;
  if (target === source) return 'itself';
  return isWithin(target, source) ? target.slice(source === '' ? 0 : source.length + 1) : target;
}

function headOf(graph: ChartGraph, state: GraphState): Head {
  const own = graph.transitions.filter(
    ({ source, targets }) =>
      source === state.id && targets.every((target) => isWithin(source, target) || isWithin(target, source)),
  );
  const isRoot = state.id === '';
  const rows = stacked([
    sentenceBlock(isRoot ? state.description : ''),
    stateBlock(state),
    sentenceBlock(isRoot && own.length > 0 ? 'In every state:' : ''),
    ...own.map((one) => transitionBlock(one, { from: null, to: rowTarget(one.source, one.targets[0]) })),
  ]);
  const title = titleOf(graph, state);
  const width = Math.ceil(Math.max(textWidth(title, FONT.title), rows.width)) + 2 * PADDING.box;
  const gap = rows.height > 0 ? PADDING.box : 0;
  return { state, rows, width, height: PADDING.box + LINE.title.height + gap + rows.height + PADDING.box };
}

export const titleOf = (graph: ChartGraph, { id, key }: GraphState): string => (id === '' ? graph.id : key);

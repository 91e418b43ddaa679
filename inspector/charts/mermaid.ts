import type { ChartGraph, GraphState, GraphTransition } from './graph.ts';

/**
 * A chart as mermaid `stateDiagram-v2` text (https://mermaid.js.org/syntax/stateDiagram.html). A transition is an arrow;
 * one that stays in its state is a line in its box, as in UML. What every state takes (`everywhere`) is not drawn.
 */

/** Mermaid's names of states are plain words. */
const idOf = (state: string): string => state.replaceAll('.', '_');

const childrenOf = ({ states }: ChartGraph, parent: string): readonly GraphState[] =>
  states.filter((state) => state.parent === parent);

/** Of one event: the guards are alternatives. */
function labelOf(transitions: readonly GraphTransition[]): string {
  const guards = transitions.flatMap(({ guard }) => guard ?? []);
  const steps = [...new Set(transitions.flatMap((each) => each.steps))];
  const [first] = transitions;
  return [
    ...(first?.brings === 'timer' ? ['timer'] : []),
    first?.event ?? '',
    ...(guards.length === 0 ? [] : [`[${guards.join(', ')}]`]),
    ...(steps.length === 0 ? [] : [`(${steps.join(', ')})`]),
  ].join(' ');
}

/** Arrows between the same two states are one arrow with a line for each event. */
function arrows({ transitions }: ChartGraph): readonly string[] {
  const leaving = transitions.flatMap((transition) =>
    transition.targets.map((target) => ({
      transition,
      ends: `${idOf(transition.source)} --> ${idOf(target)}`,
    })),
  );
  return [...Map.groupBy(leaving, ({ ends }) => ends)].map(([ends, together]) => {
    const byEvent = Map.groupBy(
      together.map(({ transition }) => transition),
      ({ event }) => event,
    );
    return `${ends} : ${[...byEvent.values()].map(labelOf).join('<br/>')}`;
  });
}

const stays = ({ transitions }: ChartGraph, state: string): readonly string[] =>
  transitions.filter(({ source, targets }) => source === state && targets.length === 0).map((one) => labelOf([one]));

function box(graph: ChartGraph, { id: state, key }: GraphState): readonly string[] {
  const id = idOf(state);
  const lines = stays(graph, state);
  if (childrenOf(graph, state).length === 0)
    return [`state "${key}" as ${id}`, ...lines.map((line) => `${id} : ${line}`)];
  const note = lines.length === 0 ? [] : [`note right of ${id}`, ...lines.map((line) => `  ${line}`), 'end note'];
  return [`state "${key}" as ${id} {`, ...contents(graph, state).map((line) => `  ${line}`), '}', ...note];
}

function contents(graph: ChartGraph, state: string): readonly string[] {
  const inner = childrenOf(graph, state);
  const initial = graph.states.find(({ id }) => id === state)?.initial ?? null;
  const first = initial === null ? [] : [`[*] --> ${idOf(initial)}`];
  const last = inner.filter(({ kind }) => kind === 'final');
  return [...inner.flatMap((child) => box(graph, child)), ...first, ...last.map(({ id }) => `${idOf(id)} --> [*]`)];
}

export function chartToMermaid(graph: ChartGraph): string {
  const lines = [...contents(graph, ''), ...arrows({ ...graph, transitions: graph.transitions.filter(isDrawn) })];
  return ['stateDiagram-v2', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

const isDrawn = ({ source }: GraphTransition): boolean => source !== '';

/** Labels of what the chart takes in every state, which its picture leaves out. */
export function everywhere(graph: ChartGraph): readonly string[] {
  return stays(graph, '');
}

import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import type { Chart } from '../../machines/chart.ts';
import { chartName } from '../../fold/chart-hash.ts';
import type { ChartEvent, ChartState, StateValue } from '../../machines/state.ts';

/** A chart as data, read off the machine itself: what is drawn, and what marks of a state refer to. */
export interface ChartGraph {
  readonly id: string;
  readonly hash: string;
  readonly description: string;
  /** Outermost first; the first one is the root. */
  readonly states: readonly GraphState[];
  readonly transitions: readonly GraphTransition[];
}

export interface GraphState {
  /** Names from the outermost state on, joined by dots; the root's is empty. */
  readonly id: string;
  readonly key: string;
  readonly parent: string | null;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final';
  /** The inner state that it begins in. */
  readonly initial: string | null;
  readonly description: string;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
}

export interface GraphTransition {
  /** `<source>|<event>|<n-th alternative>`. */
  readonly id: string;
  readonly source: string;
  /** None for a transition that stays in its state. */
  readonly targets: readonly string[];
  readonly event: string;
  /** `else` where it is the last of several. */
  readonly guard: string | null;
  readonly actions: readonly string[];
  readonly description: string;
  /** Steps of the change request, e.g. `1.4.1/3`, where the description names them. */
  readonly steps: readonly string[];
  readonly brings: 'message' | 'timer';
}

const STEP = /\b1\.4\.[12]\/\d\b/g;

/** By convention of the charts; a test holds it against the timers that they arm. */
export const isTimeOut = (event: string): boolean => event.endsWith('Overdue') || event === 'BackOffEnded';

const nameOf = (named: unknown): string | null => {
  if (typeof named === 'string') return named;
  return typeof named === 'object' && named !== null && 'type' in named ? String(named.type) : null;
};
const namesOf = (all: readonly unknown[]): readonly string[] => all.flatMap((one) => nameOf(one) ?? []);

const idOf = (node: AnyStateNode): string => node.path.join('.');
const children = (node: AnyStateNode): readonly AnyStateNode[] => Object.values(node.states);
const within = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...children(node).flatMap(within)];

const kindOf = (node: AnyStateNode): GraphState['kind'] => {
  if (node.type === 'parallel' || node.type === 'final' || node.type === 'compound') return node.type;
  return 'atomic';
};

function stateOf(node: AnyStateNode): GraphState {
  const initial = node.type === 'compound' ? node.initial.target[0] : undefined;
  return {
    id: idOf(node),
    key: node.key,
    parent: node.parent === undefined ? null : idOf(node.parent),
    kind: kindOf(node),
    initial: initial === undefined ? null : idOf(initial),
    description: node.description ?? '',
    entry: namesOf(node.entry),
    exit: namesOf(node.exit),
  };
}

const transitionId = (source: string, event: string, index: number): string => `${source}|${event}|${index}`;

function transitionsOf(node: AnyStateNode): readonly GraphTransition[] {
  const source = idOf(node);
  return [...node.transitions].flatMap(([event, alternatives]) =>
    alternatives.map((transition, index) => {
      const description = transition.description ?? '';
      const guard = nameOf(transition.guard) ?? (alternatives.length > 1 ? 'else' : null);
      return {
        id: transitionId(source, event, index),
        source,
        targets: (transition.target ?? []).map(idOf),
        event,
        guard,
        actions: namesOf(transition.actions),
        description,
        steps: description.match(STEP) ?? [],
        brings: isTimeOut(event) ? 'timer' : 'message',
      };
    }),
  );
}

const graphs = new WeakMap<object, ChartGraph>();

export function graphOf(chart: Chart): ChartGraph {
  const known = graphs.get(chart);
  if (known !== undefined) return known;
  const nodes = within(chart.machine.root);
  const graph: ChartGraph = {
    id: chart.id,
    hash: chartName(chart).hash,
    description: chart.machine.root.description ?? '',
    states: nodes.map(stateOf),
    transitions: nodes.flatMap(transitionsOf),
  };
  graphs.set(chart, graph);
  return graph;
}

/** Ids of the states that a state value is in, outermost first, without the root. */
export function activeStates(value: StateValue, path = ''): readonly string[] {
  const inside = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (typeof value === 'string') return [inside(value)];
  return Object.entries(value).flatMap(([key, inner]) =>
    inner === undefined ? [inside(key)] : [inside(key), ...activeStates(inner, inside(key))],
  );
}

const snapshotOf = (chart: Chart, { value, context }: ChartState<unknown>): AnyMachineSnapshot =>
  chart.machine.resolveState({ value, context });

/** Ids of the transitions that the event takes in this state: guards are asked. */
export function firing(chart: Chart, state: ChartState<unknown>, event: ChartEvent): readonly string[] {
  const taken = chart.machine.getTransitionData(snapshotOf(chart, state), event);
  return taken.map((transition) => {
    const alternatives = transition.source.transitions.get(transition.eventType) ?? [];
    return transitionId(idOf(transition.source), transition.eventType, alternatives.indexOf(transition));
  });
}

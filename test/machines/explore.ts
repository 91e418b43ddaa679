import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import type { Chart } from '../../machines/chart.ts';
import type { ChartId } from '../../machines/catalogue.ts';
import type { Effect } from '../../machines/effect.ts';
import type { DomainEvent } from '../../fold/decode.ts';
import type { ChartState } from '../../machines/state.ts';

/** Every state of a chart, the root first. */
export function statesOf(chart: Chart<ChartId>): readonly AnyStateNode[] {
  const below = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(below)];
  return below(chart.machine.root);
}

/** A transition as the chart defines it; `name` tells it from every other one of the chart. */
export interface Edge {
  readonly name: string;
  readonly source: string;
  /** The region of a parallel chart that it is in, by name; null in others, and for what all regions have together. */
  readonly region: string | null;
  readonly event: string;
  readonly guard: string | null;
  readonly targets: readonly string[];
  readonly actions: readonly string[];
  readonly description: string;
}

type Transition =
  ReturnType<AnyStateNode['transitions']['values']> extends Iterator<infer List extends readonly unknown[]>
    ? List[number]
    : never;

const nameOf = (named: unknown): string =>
  typeof named === 'string'
    ? named
    : typeof named === 'object' && named !== null && 'type' in named
      ? `${named.type}`
      : '';

export function edgeOf(transition: Transition): Edge {
  const guard = transition.guard === undefined ? null : nameOf(transition.guard);
  const targets = (transition.target ?? []).map((target) => target.id);
  const { machine, path } = transition.source;
  return {
    name: `${transition.source.id} on ${transition.eventType} [${guard ?? ''}] to ${targets.join()}`,
    source: transition.source.id,
    region: machine.root.type === 'parallel' ? (path[0] ?? null) : null,
    event: transition.eventType,
    guard,
    targets,
    actions: transition.actions.map(nameOf),
    description: transition.description ?? '',
  };
}

export function edgesOf(chart: Chart<ChartId>): readonly Edge[] {
  return statesOf(chart).flatMap((node) => [...node.transitions.values()].flat().map(edgeOf));
}

const isSnapshot = (state: object): state is AnyMachineSnapshot => 'machine' in state;

/** The transitions that the event fires in this state. */
export function fired(chart: Chart<ChartId>, state: ChartState<unknown>, event: DomainEvent): readonly Edge[] {
  if (!isSnapshot(state)) return [];
  return chart.machine.getTransitionData(state, event).map(edgeOf);
}

export interface Exploration {
  readonly visited: ReadonlySet<string>;
  readonly fired: ReadonlySet<string>;
  /** Types of the events that timers bring. */
  readonly armed: ReadonlySet<string>;
  /** What the chart wanted done, as its actions are called: `ask establishPn`, `arm answer`. */
  readonly wanted: ReadonlySet<string>;
}

/** More than any chart needs. */
const MAX_STATES = 50_000;
const COUNTED_UP_TO = 9;

/** Counts go on for ever: an exploration tells them apart up to a bound, and refusals not at all. */
function keyOf({ value, context }: ChartState<unknown>): string {
  return JSON.stringify([value, context], (name, part: unknown) => {
    if (name === 'refusals') return null;
    return typeof part === 'number' && ['attempt', 'backOffs', 'closeAttempt'].includes(name)
      ? Math.min(part, COUNTED_UP_TO)
      : part;
  });
}

/** What an action with this effect is called. A timer of one PN or PNE has its id behind its name. */
function actionOf(effect: Effect): string {
  switch (effect.type) {
    case 'ask':
      return `ask ${effect.fact}`;
    case 'arm':
    case 'disarm':
      return `${effect.type} ${effect.timer.split('/')[0]}`;
    default:
      return `${effect.type} ${effect.message}`;
  }
}

/** Breadth first from the initial state over the events of the pool, until every transition has fired. */
export function explore(chart: Chart<ChartId>, pool: readonly DomainEvent[]): Exploration {
  const states: ChartState<unknown>[] = [chart.initial()];
  const seen = new Set<string>();
  const visited = new Set<string>();
  const edges = new Set<string>();
  const armed = new Set<string>();
  const wanted = new Set<string>();
  const all = edgesOf(chart).length;
  for (const state of states) {
    if (isSnapshot(state)) for (const node of state._nodes) visited.add(node.id);
    if (edges.size === all || states.length > MAX_STATES) continue;
    for (const event of pool) {
      if (!chart.can(state, event)) continue;
      for (const edge of fired(chart, state, event)) edges.add(edge.name);
      const { state: next, effects } = chart.transition(state, event);
      for (const effect of effects) {
        if (effect.type === 'arm') armed.add(effect.event.type);
        wanted.add(actionOf(effect));
      }
      const key = keyOf(next);
      if (!seen.has(key)) states.push(next);
      seen.add(key);
    }
  }
  return { visited, fired: edges, armed, wanted };
}

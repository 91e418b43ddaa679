import type { AnyStateNode } from 'xstate';
import type { Chart } from '../../machines/chart.ts';

/**
 * A chart as mermaid `stateDiagram-v2` text, read off the machine itself (https://mermaid.js.org/syntax/stateDiagram.html).
 * A transition is an arrow; one that stays in its state is a line in its box, as in UML. What every state takes
 * (`everywhere`) is not drawn.
 */

interface Move {
  readonly source: AnyStateNode;
  /** Null for a transition that stays in its state. */
  readonly target: AnyStateNode | null;
  readonly event: string;
  /** `else` where it is the last of several. */
  readonly guard: string | null;
  readonly steps: readonly string[];
}

/** Steps of the change request, e.g. `1.4.1/3`, where a description names them. */
const STEP = /\b1\.4\.[12]\/\d\b/g;

/** By convention of the charts; a test holds it against the timers that they arm. */
export const isTimeOut = (event: string): boolean => event.endsWith('Overdue') || event === 'BackOffEnded';

const nameOf = (guard: unknown): string | null => {
  if (typeof guard === 'string') return guard;
  return typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : null;
};

/** Mermaid's names of states are plain words. */
const idOf = (node: AnyStateNode): string => node.path.join('_');

const children = (node: AnyStateNode): readonly AnyStateNode[] => Object.values(node.states);
const within = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...children(node).flatMap(within)];

function movesOf(source: AnyStateNode): readonly Move[] {
  return [...source.transitions].flatMap(([event, alternatives]) =>
    alternatives.flatMap((transition) => {
      const guard = nameOf(transition.guard) ?? (alternatives.length > 1 ? 'else' : null);
      const steps = transition.description?.match(STEP) ?? [];
      const targets: readonly (AnyStateNode | null)[] = transition.target ?? [null];
      return targets.map((target) => ({ source, target, event, guard, steps }));
    }),
  );
}

/** Of one event: the guards are alternatives. */
function labelOf(event: string, moves: readonly Move[]): string {
  const guards = moves.flatMap(({ guard }) => guard ?? []);
  const steps = [...new Set(moves.flatMap((move) => move.steps))];
  return [
    ...(isTimeOut(event) ? ['timer'] : []),
    event,
    ...(guards.length === 0 ? [] : [`[${guards.join(', ')}]`]),
    ...(steps.length === 0 ? [] : [`(${steps.join(', ')})`]),
  ].join(' ');
}

/** Arrows between the same two states are one arrow with a line for each event. */
function arrows(moves: readonly Move[]): readonly string[] {
  const leaving = moves.flatMap((move) =>
    move.target === null ? [] : [{ move, ends: `${idOf(move.source)} --> ${idOf(move.target)}` }],
  );
  return [...Map.groupBy(leaving, ({ ends }) => ends)].map(([ends, together]) => {
    const byEvent = Map.groupBy(
      together.map(({ move }) => move),
      ({ event }) => event,
    );
    return `${ends} : ${[...byEvent].map(([event, same]) => labelOf(event, same)).join('<br/>')}`;
  });
}

const stays = (node: AnyStateNode): readonly string[] =>
  movesOf(node).flatMap((move) => (move.target === null ? [labelOf(move.event, [move])] : []));

function box(node: AnyStateNode): readonly string[] {
  const id = idOf(node);
  const inner = children(node);
  const lines = stays(node);
  if (inner.length === 0) return [`state "${node.key}" as ${id}`, ...lines.map((line) => `${id} : ${line}`)];
  const note = lines.length === 0 ? [] : [`note right of ${id}`, ...lines.map((line) => `  ${line}`), 'end note'];
  return [`state "${node.key}" as ${id} {`, ...contents(node).map((line) => `  ${line}`), '}', ...note];
}

function contents(node: AnyStateNode): readonly string[] {
  const first = node.initial.target.map((initial) => `[*] --> ${idOf(initial)}`);
  const last = children(node).filter(({ type }) => type === 'final');
  return [...children(node).flatMap(box), ...first, ...last.map((final) => `${idOf(final)} --> [*]`)];
}

export function chartToMermaid({ machine: { root } }: Chart): string {
  const moves = within(root)
    .filter((node) => node !== root)
    .flatMap(movesOf);
  const lines = [...contents(root), ...arrows(moves)];
  return ['stateDiagram-v2', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** Labels of what the chart takes in every state, which its picture leaves out. */
export function everywhere({ machine: { root } }: Chart): readonly string[] {
  return stays(root);
}

/** Every state but the root, outermost first: its name with those of the states around it, and what it is. */
export function statesOf({ machine: { root } }: Chart): readonly { readonly name: string; readonly is: string }[] {
  return within(root)
    .filter((node) => node !== root)
    .map((node) => ({ name: node.path.join('.'), is: node.description ?? '' }));
}

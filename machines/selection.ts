import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { ChartEvent, StateValue } from './state.ts';

/**
 * Which transitions an event takes from a state, as XState selects them: in each region the first one whose guard holds, from
 * the innermost active state outwards, and one of the root where no region has any. What may be taken from a state is looked
 * up once for each type of event; then only guards are asked (2.5 times as fast as asking XState, measured). Whatever is
 * not of this form XState selects itself.
 */
export class Selection {
  readonly #machine: AnyStateMachine;
  /** By the value of the state, which all states of that value share. Null: XState has to be asked. */
  readonly #byValue = new WeakMap<object, Map<string, Candidates | null>>();
  readonly #byName = new Map<string, Map<string, Candidates | null>>();

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
  }

  select(from: AnyMachineSnapshot, event: ChartEvent): readonly Transition[] {
    const byType = this.#of(from.value);
    let candidates = byType.get(event.type);
    if (candidates === undefined) {
      candidates = candidatesOf(this.#machine, from, event.type);
      byType.set(event.type, candidates);
    }
    if (candidates === null) return this.#machine.getTransitionData(from, event);
    const taken: Transition[] = [];
    for (const region of candidates.regions) {
      const one = firstOf(region, from, event);
      if (one !== null) taken.push(one);
    }
    if (taken.length > 0) return taken;
    const one = firstOf(candidates.root, from, event);
    return one === null ? NONE : [one];
  }

  #of(value: StateValue): Map<string, Candidates | null> {
    const kept = typeof value === 'string' ? this.#byName.get(value) : this.#byValue.get(value);
    if (kept !== undefined) return kept;
    const fresh = new Map<string, Candidates | null>();
    if (typeof value === 'string') this.#byName.set(value, fresh);
    else this.#byValue.set(value, fresh);
    return fresh;
  }
}

export type Transition = ReturnType<AnyStateMachine['getTransitionData']>[number];
type Node = AnyStateMachine['root'];

type Guard = (from: AnyMachineSnapshot, event: ChartEvent) => boolean;

interface Candidate {
  readonly transition: Transition;
  /** Null: always. */
  readonly guard: Guard | null;
}

interface Candidates {
  /** Of each region, the innermost state first. */
  readonly regions: readonly (readonly Candidate[])[];
  readonly root: readonly Candidate[];
}

const NONE: readonly Transition[] = [];

function firstOf(candidates: readonly Candidate[], from: AnyMachineSnapshot, event: ChartEvent): Transition | null {
  for (const { transition, guard } of candidates) if (guard === null || guard(from, event)) return transition;
  return null;
}

function candidatesOf(machine: AnyStateMachine, { value }: AnyMachineSnapshot, type: string): Candidates | null {
  const { root } = machine;
  const outermost = ofNodes(machine, [root], type);
  const regions =
    root.type === 'parallel'
      ? Object.values(root.states).map((region) =>
          typeof value === 'object' ? ofNodes(machine, activeIn(region, value[region.key]), type) : null,
        )
      : [ofNodes(machine, activeIn(root, value).slice(0, -1), type)];
  const known = regions.filter((region) => region !== null);
  return outermost === null || known.length !== regions.length ? null : { regions: known, root: outermost };
}

/** The active states within a node, the innermost first, the node itself last. */
function activeIn(node: Node, value: StateValue | undefined): readonly Node[] {
  if (value === undefined) return [node];
  const [key, inner] = typeof value === 'string' ? [value, undefined] : (Object.entries(value)[0] ?? ['', undefined]);
  const child = node.states[key];
  return child === undefined ? [node] : [...activeIn(child, inner), node];
}

/** Null where one of them is of no form that is known here. */
function ofNodes(machine: AnyStateMachine, nodes: readonly Node[], type: string): readonly Candidate[] | null {
  const found: Candidate[] = [];
  for (const node of nodes) {
    const isKnown = node.type !== 'parallel' || node === machine.root;
    if (!isKnown || [...node.transitions.keys()].some((event) => event.endsWith('*'))) return null;
    for (const transition of node.transitions.get(type) ?? []) {
      const guard = guardOf(machine, transition.guard);
      if (guard === undefined) return null;
      found.push({ transition, guard });
    }
  }
  return found;
}

/** Undefined where XState has to be asked. */
function guardOf(machine: AnyStateMachine, named: unknown): Guard | null | undefined {
  if (named === undefined) return null;
  const guard: unknown = typeof named === 'string' ? machine.implementations.guards[named] : undefined;
  if (isCombined(guard)) return (from, event) => guard.check(from, { context: from.context, event }, guard);
  return isPlain(guard) ? (from, event) => guard({ context: from.context, event }, undefined) : undefined;
}

/** `and`, `not`, `stateIn` of XState: they look at the state as well. */
interface Combined {
  check(from: AnyMachineSnapshot, args: object, guard: Combined): boolean;
}
const isCombined = (guard: unknown): guard is Combined =>
  typeof guard === 'function' && 'check' in guard && typeof guard.check === 'function';
const isPlain = (guard: unknown): guard is (args: object, params: undefined) => boolean => typeof guard === 'function';

import type { AnyMachineSnapshot, AnyStateMachine, ExecutableActionObject } from 'xstate';
import type { Transition } from './selection.ts';
import type { ChartEvent, StateValue } from './state.ts';

/**
 * What XState works out at every event, kept after the first: which actions a transition takes from a state, in which order,
 * and where it ends. XState is who says so, once, by walking the same machine with actions that only tell their names; from
 * then on the actions alone are run (8 times as many transitions a second of a registration, measured). It holds where a transition depends
 * on nothing but the state and its guard, as the charts have it: no eventless transitions, timers, children or histories. In
 * parallel states an event may take one transition in each region: a route is of all of them together.
 */
export interface Route {
  /** The state behind the transition, but for its context. */
  readonly target: AnyMachineSnapshot;
  readonly actions: readonly Action[];
}

/** What an action is told; an `assign` leaves another context in it. */
export interface Turn {
  context: object;
  readonly event: ChartEvent;
  readonly emit: (emitted: { readonly type: string }) => void;
}

type Action = (turn: Turn) => void;

/** Routes by the transitions that they take together, one after the other. */
class Branch {
  route: Route | null | undefined;
  readonly #further = new Map<Transition, Branch>();

  towards(transition: Transition): Branch {
    let next = this.#further.get(transition);
    if (next === undefined) {
      next = new Branch();
      this.#further.set(transition, next);
    }
    return next;
  }
}

export class Routes {
  readonly #machine: AnyStateMachine;
  readonly #told: AnyStateMachine;
  readonly #scope: Parameters<AnyStateMachine['transition']>[2];
  /** By the text of their value: states of one value share all but their context. */
  readonly #states = new Map<string, AnyMachineSnapshot>();
  /** By the value they begin at, which those states share. Null: XState has to take it itself. */
  readonly #routes = new Map<StateValue, Branch>();
  #names: string[] | null = [];

  constructor(machine: AnyStateMachine, scope: Parameters<AnyStateMachine['transition']>[2]) {
    this.#machine = machine;
    const silent = Object.keys(machine.implementations.actions).map((name) => [name, () => {}] as const);
    this.#told = machine.provide({ actions: Object.fromEntries(silent) });
    this.#scope = {
      ...scope,
      actionExecutor: ({ type, params }: ExecutableActionObject) => {
        if (params === undefined) this.#names?.push(type);
        else this.#names = null;
      },
    };
  }

  /** The state of that value and context. */
  state(value: StateValue, context: object): AnyMachineSnapshot {
    return { ...this.#template(value), context };
  }

  /** Null where only XState itself can take it. */
  of(from: AnyMachineSnapshot, event: ChartEvent, transitions: readonly Transition[]): Route | null {
    let branch = this.#routes.get(from.value);
    if (branch === undefined) {
      // Another state of the same value may have brought it: only the value that all share is a key.
      const { value } = this.#template(from.value);
      branch = this.#routes.get(value) ?? new Branch();
      this.#routes.set(value, branch);
    }
    for (const transition of transitions) branch = branch.towards(transition);
    if (branch.route === undefined) branch.route = this.#routeOf(from, event);
    return branch.route;
  }

  #template(value: StateValue): AnyMachineSnapshot {
    const text = JSON.stringify(value);
    const known = this.#states.get(text);
    if (known !== undefined) return known;
    const template = this.#machine.resolveState({ value, context: {} });
    this.#states.set(text, template);
    return template;
  }

  #routeOf({ value, context }: AnyMachineSnapshot, event: ChartEvent): Route | null {
    if (!isPlain(this.#machine.root)) return null;
    this.#names = [];
    const next = this.#told.transition(this.#told.resolveState({ value, context }), event, this.#scope);
    const actions = this.#names?.map((name) => actionOf(this.#machine.implementations.actions[name]));
    const known = actions?.filter((action) => action !== null);
    if (next.status !== 'active' || known === undefined || known.length !== actions?.length) return null;
    return { target: this.#template(next.value), actions: known };
  }
}

type Node = AnyStateMachine['root'];

const isPlain = (node: Node): boolean =>
  (node.type === 'atomic' || node.type === 'compound' || node.type === 'parallel') &&
  (node.always ?? []).length === 0 &&
  node.after.length === 0 &&
  node.invoke.length === 0 &&
  actionsOf(node).every(isNamed) &&
  Object.values(node.states).every(isPlain);

/** All that a node may run. XState asks guards itself, with or without a name, before a route is looked up. */
const actionsOf = (node: Node): readonly unknown[] => [
  ...node.entry,
  ...node.exit,
  ...node.initial.actions,
  ...[...node.transitions.values()].flat().flatMap(({ actions }) => actions),
];

/** One that is written into the machine has no name to be told by: it would be missing in the route. */
const isNamed = (action: unknown): boolean => typeof action !== 'function';

/** What `assign` and `emit` of XState keep of what they were given. */
interface Assign {
  readonly assignment: ((turn: Turn) => object) | object;
}
interface Emit {
  readonly event: ((turn: Turn) => { readonly type: string }) | { readonly type: string };
}
const isBuiltIn = (action: unknown, type: string): action is object =>
  typeof action === 'function' && 'type' in action && action.type === type;
const isAssign = (action: unknown): action is Assign => isBuiltIn(action, 'xstate.assign') && 'assignment' in action;
const isEmit = (action: unknown): action is Emit => isBuiltIn(action, 'xstate.emit') && 'event' in action;

function actionOf(action: unknown): Action | null {
  if (isAssign(action)) return assigning(action);
  return isEmit(action) ? emitting(action) : null;
}

function assigning({ assignment }: Assign): Action | null {
  if (typeof assignment === 'function')
    return (turn) => {
      turn.context = Object.assign({}, turn.context, assignment(turn));
    };
  if (Object.values(assignment).some((value) => typeof value === 'function')) return null;
  return (turn) => {
    turn.context = Object.assign({}, turn.context, assignment);
  };
}

function emitting({ event }: Emit): Action {
  return typeof event === 'function' ? (turn) => turn.emit(event(turn)) : (turn) => turn.emit(event);
}

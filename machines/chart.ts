import {
  createActor,
  getNextTransitions,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  type ExecutableActionObject,
} from 'xstate';
import { RESPONSE_CODE_VALUES, type ResponseCode } from '../events/codes.ts';
import { isEffect, type Effect } from './effect.ts';
import { Routes, type Turn } from './routes.ts';

/**
 * XState behind one small interface, so that the fast path and the pinned version are in one place. Transitions are
 * pure: effects come back as data. One scope is reused for all transitions of a machine; `transition()` of XState
 * builds a whole actor on every call (2 to 3 times slower, measured).
 */
export interface ChartEvent {
  readonly type: string;
  readonly data: object;
}

export type StateValue = AnyMachineSnapshot['value'];

export interface ChartState<Context> {
  readonly value: StateValue;
  readonly context: Context;
}

export interface Step<Context> {
  readonly state: ChartState<Context>;
  readonly effects: readonly Effect[];
}

export interface Chart<Id extends string = string, Context = unknown> {
  readonly id: Id;
  readonly machine: AnyStateMachine;
  /** The machine as data, in a canonical text: what the chart hash is taken of. */
  readonly definition: string;
  /** What the definition names and does not hold: the text of guards and actions, and the first context. */
  readonly program: string;
  initial(): ChartState<Context>;
  /** Whether the state has a transition for the event whose guard holds. */
  can(state: ChartState<unknown>, event: ChartEvent): boolean;
  /** @throws ChartError when no transition takes the event */
  transition(state: ChartState<unknown>, event: ChartEvent): Step<Context>;
  /** Types of the events that some transition out of this state names; guards are not asked. */
  next(state: ChartState<unknown>): readonly string[];
  /** The state again from what was kept of it as JSON. */
  restore(kept: { readonly value: StateValue; readonly context: Context }): ChartState<Context>;
  /** The code with which this state refuses what it cannot take. */
  refusal(state: ChartState<unknown>): ResponseCode;
  owns(state: ChartState<unknown>): state is ChartState<Context>;
}

export class ChartError extends Error {
  override readonly name = 'ChartError';
}

const DEFAULT_REFUSAL: ResponseCode = 409;

export function defineChart<Id extends string, Machine extends AnyStateMachine>(
  id: Id,
  machine: Machine,
): Chart<Id, ContextFrom<Machine>> {
  const self = createActor(machine);
  let effects: Effect[] = [];
  const scope = {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: () => {},
    stopChild: () => {},
    defer: (fn: () => void) => fn(),
    emit: (emitted: { readonly type: string }) => {
      if (!isEffect(emitted)) throw new ChartError(`Chart ${id} emitted '${emitted.type}', which is no effect.`);
      effects.push(emitted);
    },
    actionExecutor: (action: ExecutableActionObject) => action.exec?.(action.info, action.params),
  };
  const routes = new Routes(machine, scope);
  const owns = (state: ChartState<unknown>): state is AnyMachineSnapshot =>
    'machine' in state && state.machine === machine;
  const own = (state: ChartState<unknown>): AnyMachineSnapshot => {
    if (!owns(state)) throw new ChartError(`A state of another chart was given to chart ${id}.`);
    return state;
  };
  const { value, context }: AnyMachineSnapshot = machine.getInitialSnapshot(scope, undefined);
  const initial = routes.state(value, context);
  return {
    id,
    machine,
    definition: JSON.stringify(machine.definition),
    program: textOf([machine.implementations.guards, machine.implementations.actions, initial.context]),
    initial: () => initial,
    can: (state, event) => own(state).can(event),
    transition(state, event) {
      const from = own(state);
      const [taken, ...more] = machine.getTransitionData(from, event);
      // One without target and actions forbids the event.
      if (taken === undefined || (taken.target === undefined && taken.actions.length === 0))
        throw new ChartError(`Chart ${id} in state ${JSON.stringify(from.value)} cannot take ${event.type}.`);
      effects = [];
      const route = more.length > 0 ? null : routes.of(from, event, taken);
      if (route === null) return { state: machine.transition(from, event, scope), effects };
      const turn: Turn = { context: from.context, event, emit: scope.emit };
      for (const action of route.actions) action(turn);
      return { state: { ...route.target, context: turn.context }, effects };
    },
    next: (state) => [...new Set(getNextTransitions(own(state)).map((transition) => transition.eventType))],
    restore: ({ value, context }) => routes.state(value, context),
    refusal(state) {
      for (const meta of Object.values(own(state).getMeta())) {
        if (typeof meta === 'object' && meta !== null && 'refusal' in meta) {
          const code = RESPONSE_CODE_VALUES.find((known) => known === meta.refusal);
          if (code !== undefined) return code;
        }
      }
      return DEFAULT_REFUSAL;
    },
    owns,
  };
}

/** Functions as their source, with what XState hangs on them: `assign` and `emit` keep there what they were given. */
function textOf(value: unknown): string {
  if (typeof value === 'function') return `${value.toString()}${textOf({ ...value })}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  return `{${Object.entries(value)
    .map(([name, part]) => `${name}:${textOf(part)}`)
    .join()}}`;
}

import {
  createActor,
  getNextTransitions,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  type ExecutableActionObject,
} from 'xstate';
import { RESPONSE_CODE_VALUES, type ResponseCode } from '../events/codes.ts';
import { effectsOf } from './actions.ts';
import { isEffect, type Effect } from './effect.ts';
import { Routes, type Turn } from './routes.ts';
import { Selection, type Transition } from './selection.ts';
import type { ChartEvent, ChartState, StateValue } from './state.ts';

export interface Step<Context> {
  readonly state: ChartState<Context>;
  readonly effects: readonly Effect[];
}

/**
 * A state chart. XState is behind this one small interface, so that the fast path and the pinned version are in one place.
 * Transitions are pure: effects come back as data.
 */
export interface Chart<
  Id extends string = string,
  Context = unknown,
  Ask extends string = string,
  Message extends string = string,
> {
  readonly id: Id;
  /** Facts that it asks its role for. */
  readonly asks: readonly Ask[];
  /** Messages that it has its role send. */
  readonly messages: readonly Message[];
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

/** Guards and actions by name, as `setup` of XState returns them. */
interface Setup {
  readonly createMachine: (config: never) => unknown;
}
type ConfigFor<Terms extends Setup> = Parameters<Terms['createMachine']>[0];
type ContextOf<Terms extends Setup> =
  ConfigFor<Terms> extends { readonly context?: infer Context } ? Exclude<Context, (...args: never) => unknown> : never;
type EventTypeOf<Terms extends Setup> =
  ConfigFor<Terms> extends { readonly on?: infer On } ? Exclude<keyof NonNullable<On>, `${string}*`> & string : never;

type NamesIn<Actions> = Actions extends readonly (infer Each)[] ? NamesIn<Each> : Extract<Actions, string>;
type ActionKey = 'entry' | 'exit' | 'actions';
type TransitionsIn<On> = On extends readonly (infer Each)[] ? SaidAt<Each> : SaidAt<On>;
type SaidAt<Part> = {
  [Key in ActionKey]: Part extends { readonly [K in Key]: infer Actions } ? NamesIn<Actions> : never;
}[ActionKey];

/** Names of the actions that a configuration says: of its states and of their transitions. */
export type ActionsIn<Config> =
  | SaidAt<Config>
  | (Config extends { readonly on: infer On } ? { [Type in keyof On]: TransitionsIn<On[Type]> }[keyof On] : never)
  | (Config extends { readonly states: infer States }
      ? { [S in keyof States]: ActionsIn<States[S]> }[keyof States]
      : never);
type AskIn<Action> = Action extends `ask ${infer Ask}` ? Ask : never;
type MessageIn<Action> = Action extends `${'send' | 'resend' | 'settle' | 'answer' | 'notify'} ${infer Message}`
  ? Message
  : never;

/** Types of the events that some state of a configuration has a transition for. */
export type TakenIn<Config> =
  | (Config extends { readonly on: infer On } ? keyof On & string : never)
  | (Config extends { readonly states: infer States }
      ? { [S in keyof States]: TakenIn<States[S]> }[keyof States]
      : never);

/** What is wrong with a chart that does not take an event of its vocabulary. */
export interface Unread<Type extends string> {
  readonly noStateTakes: Type;
}
type Complete<Terms extends Setup, Config> = [Exclude<EventTypeOf<Terms>, TakenIn<Config>>] extends [never]
  ? unknown
  : Unread<Exclude<EventTypeOf<Terms>, TakenIn<Config>>>;

/** Facts that a chart asks its role for, and messages that it has its role send. */
export type AskOf<C extends Chart> = C['asks'][number];
export type MessageOf<C extends Chart> = C['messages'][number];

/**
 * A chart, of its guards and actions and its states. One that does not take every event of its vocabulary does not compile.
 * @param terms the `setup` of its guards and actions; its events are those of its vocabulary
 */
export function defineChart<Id extends string, Terms extends Setup, const Config extends ConfigFor<Terms>>(
  id: Id,
  terms: Terms,
  config: Config & Complete<Terms, Config>,
): Chart<Id, ContextOf<Terms>, AskIn<ActionsIn<Config>>, MessageIn<ActionsIn<Config>>>;
export function defineChart(
  id: string,
  terms: { readonly createMachine: (config: object) => AnyStateMachine },
  config: object,
): object {
  const machine = terms.createMachine({ id, ...config });
  // What the terms say of an effect, such as whom a message is about, goes before its name.
  return chartOfMachine(
    id,
    machine.provide({ actions: { ...effectsOf(actionsIn(config)), ...machine.implementations.actions } }),
  );
}

const ACTION_KEYS: ReadonlySet<string> = new Set<ActionKey>(['entry', 'exit', 'actions']);

/** Names of the actions that a configuration says, as `ActionsIn` has them. */
function actionsIn(config: object): readonly string[] {
  return Object.entries(config).flatMap(([key, value]: [string, unknown]) => {
    if (ACTION_KEYS.has(key)) return namesIn(value);
    return typeof value === 'object' && value !== null && key !== 'context' ? actionsIn(value) : [];
  });
}

const namesIn = (actions: unknown): readonly string[] =>
  [actions].flat().filter((name): name is string => typeof name === 'string');

/**
 * A chart of a machine as it is. One scope is reused for all transitions of the machine; `transition()` of XState builds a
 * whole actor on every call (2 to 3 times slower, measured).
 */
export function chartOfMachine<Id extends string, Machine extends AnyStateMachine>(
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
  const selection = new Selection(machine);
  const owns = (state: ChartState<unknown>): state is AnyMachineSnapshot =>
    'machine' in state && state.machine === machine;
  const own = (state: ChartState<unknown>): AnyMachineSnapshot => {
    if (!owns(state)) throw new ChartError(`A state of another chart was given to chart ${id}.`);
    return state;
  };
  const { value, context }: AnyMachineSnapshot = machine.getInitialSnapshot(scope, undefined);
  const initial = routes.state(value, context);
  // Whoever asks whether an event can be taken mostly has it taken right away.
  let asked: { readonly from: object; readonly event: ChartEvent; readonly taken: readonly Transition[] } | null = null;
  const transitionsOf = (from: AnyMachineSnapshot, event: ChartEvent): readonly Transition[] => {
    if (asked?.from !== from || asked.event !== event) asked = { from, event, taken: selection.select(from, event) };
    return asked.taken;
  };
  const actions = Object.keys(machine.implementations.actions);
  return {
    id,
    machine,
    asks: named(actions, /^ask (.+)/),
    messages: named(actions, /^(?:send|resend|settle|answer|notify) (.+)/),
    definition: JSON.stringify(machine.definition),
    program: textOf([machine.implementations.guards, machine.implementations.actions, initial.context]),
    initial: () => initial,
    can: (state, event) => isTaken(transitionsOf(own(state), event)),
    transition(state, event) {
      const from = own(state);
      const taken = transitionsOf(from, event);
      if (!isTaken(taken))
        throw new ChartError(`Chart ${id} in state ${JSON.stringify(from.value)} cannot take ${event.type}.`);
      effects = [];
      const route = routes.of(from, event, taken);
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

/** One without target and actions forbids the event. */
const isTaken = (transitions: readonly Transition[]): boolean =>
  transitions.some(({ target, actions }) => target !== undefined || actions.length > 0);

const named = (actions: readonly string[], form: RegExp): readonly string[] => [
  ...new Set(actions.flatMap((action) => form.exec(action)?.[1] ?? [])),
];

/** Functions as their source, with what XState hangs on them: `assign` and `emit` keep there what they were given. */
function textOf(value: unknown): string {
  if (typeof value === 'function') return `${value.toString()}${textOf({ ...value })}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  return `{${Object.entries(value)
    .map(([name, part]) => `${name}:${textOf(part)}`)
    .join()}}`;
}

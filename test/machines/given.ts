import { expect } from 'vitest';
import type { ResponseCode } from '../../events/codes.ts';
import type { EventOf } from '../../events/vocabulary/define.ts';
import { ChartError, type Chart, type Step } from '../../machines/chart.ts';
import type { Effect } from '../../machines/effect.ts';
import type { CATALOGUE, ChartId } from '../../machines/catalogue.ts';
import { NO_EPOCHS, type Epochs } from '../../machines/epochs.ts';
import type { SessionContext } from '../../machines/session.ts';
import { checkEvent, type DomainEvent } from '../../fold/decode.ts';
import type { ChartState, StateValue } from '../../machines/state.ts';

/** Given these events, when this one comes, then the chart is in this state and wants these effects. */

export type EventOfChart<Id extends ChartId> = EventOf<(typeof CATALOGUE)[Id]['vocabulary']>;

/** An event of that chart and of no other, as the journal stores it. */
type Taken<Id extends ChartId> = EventOfChart<Id> & DomainEvent;

interface Outcome<Context> {
  readonly state: StateValue;
  readonly effects: readonly Effect[];
  /** What matters of the context; the rest is not looked at. */
  readonly context?: Partial<Context>;
}

export interface When<Context> {
  /** The chart takes the event. */
  thenTaken(expected: Outcome<Context>): void;
  /** The chart does not take the event, and refuses the message behind it with this code. */
  thenRefused(code: ResponseCode): void;
}

/** Events that need no look: they must be valid, and the chart must take each of them. */
export function given<Id extends ChartId, Context>(
  chart: Chart<Id, Context>,
  events: readonly Taken<Id>[],
): { when(event: Taken<Id>): When<Context> } {
  return {
    when(event) {
      const state = stateAfter(chart, events);
      checkEvent(chart.id, event);
      return {
        thenTaken(expected) {
          const step = take(chart, state, event);
          expect(step.state.value).toEqual(expected.state);
          expect(step.effects).toEqual(expected.effects);
          if (expected.context !== undefined) expect(step.state.context).toMatchObject(expected.context);
        },
        thenRefused(code) {
          expect(chart.can(state, event)).toBe(false);
          expect(() => chart.transition(state, event)).toThrow(ChartError);
          expect(chart.refusal(state)).toBe(code);
        },
      };
    },
  };
}

/** The state that the events lead to. */
export function stateAfter<Id extends ChartId, Context>(
  chart: Chart<Id, Context>,
  events: readonly Taken<Id>[],
): ChartState<Context> {
  return events.reduce((state, event) => take(chart, state, event).state, chart.initial());
}

/** One transition; that of the state as it comes back from JSON must be the same. */
export function take<Id extends ChartId, Context>(
  chart: Chart<Id, Context>,
  state: ChartState<Context>,
  event: DomainEvent,
): Step<Context> {
  checkEvent(chart.id, event);
  const step = ownStep(chart, chart.transition(state, event));
  const again = ownStep(chart, chart.transition(throughJson(chart, state), event));
  expect(again.effects).toEqual(step.effects);
  expect(again.state.value).toEqual(step.state.value);
  expect(again.state.context).toEqual(step.state.context);
  return step;
}

/** The state as a snapshot gives it back. */
export function throughJson<Id extends ChartId, Context>(
  chart: Chart<Id, Context>,
  { value, context }: ChartState<Context>,
): ChartState<Context> {
  return chart.restore(JSON.parse(JSON.stringify({ value, context })));
}

function ownStep<Id extends ChartId, Context>(chart: Chart<Id, Context>, step: Step<unknown>): Step<Context> {
  const { state, effects } = step;
  if (!chart.owns(state)) throw new Error(`A transition of chart ${chart.id} left the chart.`);
  return { state, effects };
}

type Arm = Extract<Effect, { readonly type: 'arm' }>;

export const ask = (fact: string): Effect => ({ type: 'ask', fact });
export const send = (message: string): Effect => ({ type: 'send', message });
export const resend = (message: string): Effect => ({ type: 'resend', message });
export const settle = (message: string): Effect => ({ type: 'settle', message });
export const answer = (message: string): Effect => ({ type: 'answer', message });
export const notify = (message: string): Effect => ({ type: 'notify', message });
export const disarm = (timer: string): Effect => ({ type: 'disarm', timer });
export const arm = (timer: string, delayMs: number, event: Arm['event']): Effect => ({
  type: 'arm',
  timer,
  delayMs,
  event,
});

/** The timer of the n-th attempt to get an answer. */
export const armAnswer = (delayMs: number, attempt: number): Effect =>
  arm('answer', delayMs, { type: 'AnswerOverdue', data: { timer: 'answer', attempt } });

/** The timer of the n-th attempt to tell the other end that the session is over. */
export const armClose = (delayMs: number, attempt: number): Effect => arm('close', delayMs, closeOverdue(attempt));

/** The attempt had no answer. */
export const overdue = (attempt: number) => ({ type: 'AnswerOverdue', data: { timer: 'answer', attempt } }) as const;

/** `overdue(1)` to `overdue(last)`. */
export const overdueUpTo = (last: number) => Array.from({ length: last }, (_, index) => overdue(index + 1));

/** The n-th time that the other end was told that the session is over had no answer. */
export const closeOverdue = (attempt: number) =>
  ({ type: 'AnswerOverdue', data: { timer: 'close', attempt } }) as const;

/** `closeOverdue(1)` to `closeOverdue(last)`. */
export const closeOverdueUpTo = (last: number) => Array.from({ length: last }, (_, index) => closeOverdue(index + 1));

/** The state of a registration chart: what its registration is at, and the session beside it. */
export const beside = (session: 'none' | 'established' | 'closing', registration: StateValue): StateValue => ({
  registration,
  session,
});

/** A session that carries data, of which no epoch is claimed yet but these. */
export const sessionOf = (keyId: string, epochs: Partial<Epochs> = {}): SessionContext['session'] => ({
  keyId,
  epochs: { ...NO_EPOCHS, ...epochs },
});

export const messageRefused = (count: number) =>
  ({ type: 'MessageRefused', data: { message: 'sealed', from: 'lamp', code: 409, count } }) as const;

/** Values of the right shape. */
export const HANDSHAKE = 'Zmlyc3Q';
/** The first three requests of somebody, each later than the one before. */
export const TIMESTAMPS = ['40000000695600000000000a', '40000000695600000000000b', '40000000695600000000000c'] as const;
export const REPLY = 'c2Vjb25k';
export const KEY_1 = 'key-1-----------------';
export const KEY_2 = 'key-2-----------------';
export const KEY_3 = 'key-3-----------------';
export const CPNS_ID = 'cpns-aaaaaaaaaaaaaaaaaaaaaaaaaa';

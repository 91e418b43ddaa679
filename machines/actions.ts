import { assign, emit, type EventObject } from 'xstate';
import type { Effect } from './effect.ts';
import { delayMs, type RetryPolicy } from './timing.ts';

/**
 * Actions whose name is their effect: `ask allocateCpnsId`, `send registration-request`. By these names a chart says, and
 * the compiler knows, which facts and messages it wants of its role.
 */
type Act<Args extends object = object> = (args: Args, params: undefined) => void;

const emitting = (effect: Effect) => emit<object, EventObject, undefined, EventObject, Effect>(effect);
const named = (entries: readonly (readonly [string, unknown])[]): object => Object.fromEntries(entries);

/** Facts that the chart asks for, each answered in the same step by further events. */
export function asks<const Fact extends string>(...facts: readonly Fact[]): { readonly [F in Fact as `ask ${F}`]: Act };
export function asks(...facts: readonly string[]): object {
  return named(facts.map((fact) => [`ask ${fact}`, emitting({ type: 'ask', fact })]));
}

/** Requests that stay in the outbox until they are settled. */
export function requests<const Message extends string>(
  ...messages: readonly Message[]
): { readonly [M in Message as `send ${M}` | `resend ${M}` | `settle ${M}`]: Act };
export function requests(...messages: readonly string[]): object {
  const effects = (['send', 'resend', 'settle'] as const).flatMap((type) =>
    messages.map((message) => [`${type} ${message}`, emitting({ type, message })] as const),
  );
  return named(effects);
}

/** Stored answers to the request that the actor works on. */
export function answers<const Message extends string>(
  ...messages: readonly Message[]
): { readonly [M in Message as `answer ${M}`]: Act };
export function answers(...messages: readonly string[]): object {
  return named(messages.map((message) => [`answer ${message}`, emitting({ type: 'answer', message })]));
}

/** Messages that go out once. */
export function notices<const Message extends string>(
  ...messages: readonly Message[]
): { readonly [M in Message as `notify ${M}`]: Act };
export function notices(...messages: readonly string[]): object {
  return named(messages.map((message) => [`notify ${message}`, emitting({ type: 'notify', message })]));
}

type Attempting<Count extends string> = { readonly context: { readonly [C in Count]: number } };

/**
 * Attempts of a request, counted in `count`, with the timer that says when the answer to one is overdue.
 * @param capMs the longest delay
 */
export function attempts<const Timer extends string, const Count extends string>(
  timer: Timer,
  count: Count,
  policy: RetryPolicy,
  capMs?: number,
): { readonly [T in Timer as `first ${T}` | `next ${T}` | `arm ${T}`]: Act<Attempting<Count>> } & {
  readonly [T in Timer as `disarm ${T}`]: Act;
};
export function attempts(timer: string, count: string, policy: RetryPolicy, capMs = Infinity): object {
  type Context = { readonly [count: string]: number };
  const attemptOf = (context: Context): number => context[count] ?? 1;
  return {
    [`first ${timer}`]: assign({ [count]: 1 }),
    [`next ${timer}`]: assign<Context, EventObject, undefined, EventObject, never>(({ context }) => ({
      [count]: attemptOf(context) + 1,
    })),
    [`arm ${timer}`]: emit<Context, EventObject, undefined, EventObject, Effect>(({ context }) => ({
      type: 'arm',
      timer,
      delayMs: Math.min(delayMs(policy, attemptOf(context)), capMs),
      event: { type: 'AnswerOverdue', data: { timer, attempt: attemptOf(context) } },
    })),
    [`disarm ${timer}`]: emitting({ type: 'disarm', timer }),
  };
}

type Refused = { readonly context: { readonly refusals: number }; readonly event: { readonly type: string } };

/** Counts the messages that were refused. */
export function refusalCount(): { readonly countRefusal: Act<Refused> };
export function refusalCount(): object {
  type Context = { readonly refusals: number };
  type Event = { readonly type: string; readonly data: { readonly count: number } };
  return {
    countRefusal: assign<Context, Event, undefined, Event, never>(({ context, event }) =>
      event.type === 'MessageRefused' ? { refusals: context.refusals + event.data.count } : {},
    ),
  };
}

/** What a state that waits for the answer to a request does when it is overdue: sends it again, and at last gives up. */
export function retrying<const Message extends string, const Fact extends string>(message: Message, giveUp: Fact) {
  return [
    {
      guard: 'attemptsLeft',
      actions: ['next answer', `resend ${message}`, 'arm answer'],
      description: 'No answer yet: sends the same request again.',
    },
    { guard: 'isAnswerOverdue', actions: `ask ${giveUp}`, description: 'The last attempt had no answer either.' },
  ] as const;
}

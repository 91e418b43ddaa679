import { assign, emit, type EventObject } from 'xstate';
import type { Effect } from './effect.ts';
import { delayMs, type RetryPolicy } from './timing.ts';

/** An action of the charts: what it reads, and nothing comes back of it. */
type Act<Args extends object = object> = (args: Args, params: undefined) => void;

/** What an action does that is its own name: `ask allocateCpnsId`, `send registration-request`. */
type Verb = 'ask' | 'send' | 'resend' | 'settle' | 'answer' | 'notify';

/**
 * The actions that a chart has without saying what they do, for `extend` of its terms: what it says of them, and the
 * compiler knows, is what it wants of its role.
 */
export type Effects = { readonly [Name in `${Verb} ${string}`]: undefined };

const EFFECT = /^(ask|send|resend|settle|answer|notify) (.+)$/;

/** The effect that a name of an action says; null for one that has to be said what it does. */
function effectOf(name: string): Effect | null {
  const [, verb, what = ''] = EFFECT.exec(name) ?? [];
  if (verb === 'ask') return { type: 'ask', fact: what };
  if (verb === 'send' || verb === 'resend' || verb === 'settle' || verb === 'answer' || verb === 'notify')
    return { type: verb, message: what };
  return null;
}

const emitting = (effect: Effect) => emit<object, EventObject, undefined, EventObject, Effect>(effect);

/** Those of `names` that are effects, as actions. */
export const effectsOf = (names: readonly string[]): { readonly [name: string]: ReturnType<typeof emitting> } =>
  Object.fromEntries(
    names.flatMap((name) => {
      const effect = effectOf(name);
      return effect === null ? [] : [[name, emitting(effect)]];
    }),
  );

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

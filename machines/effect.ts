/**
 * What a chart wants done. Charts only describe; the loop in `actors/` does it, all of one step or nothing.
 *
 * - `ask`: a fact that the chart cannot know (a verdict, an id, a key exchange) is answered now, as a further event.
 * - `send`: a request goes out and stays in the outbox until it is settled; one of a name per actor, or per `about`.
 * - `resend`: the same bytes once more.
 * - `settle`: its answer is here, or nobody waits for one any more.
 * - `answer`: the stored answer to the request that the actor works on.
 * - `notify`: goes out once; whoever misses it learns the same in another way.
 * - `arm`, `disarm`: a timer with an absolute deadline, kept in the journal; when due, `event` comes in.
 */
export type Effect =
  | { readonly type: 'ask'; readonly fact: string }
  | { readonly type: 'send'; readonly message: string; readonly about?: string }
  | { readonly type: 'resend'; readonly message: string; readonly about?: string }
  | { readonly type: 'settle'; readonly message: string; readonly about?: string }
  | { readonly type: 'answer'; readonly message: string }
  | { readonly type: 'notify'; readonly message: string }
  | {
      readonly type: 'arm';
      readonly timer: string;
      readonly delayMs: number;
      readonly event: { readonly type: string; readonly data: { readonly [key: string]: string | number } };
    }
  | { readonly type: 'disarm'; readonly timer: string };

const EFFECT_TYPES: ReadonlySet<string> = new Set<Effect['type']>([
  'ask',
  'send',
  'resend',
  'settle',
  'answer',
  'notify',
  'arm',
  'disarm',
]);

export function isEffect(value: { readonly type: string }): value is Effect {
  return EFFECT_TYPES.has(value.type);
}

import type { StreamFold, Taken } from '../../fold/stream-fold.ts';
import type { RecordedEvent } from '../../journal/port.ts';
import type { Effect } from '../../machines/effect.ts';
import { firing } from '../charts/graph.ts';
import type { Entry, Standing } from '../protocol/answers.ts';
import type { StateValue } from '../../machines/state.ts';

const NOTHING: Standing = { verdict: 'known', state: '', fired: [], timers: [], outbox: [], refusals: 0 };

/** The innermost states of a value, in parallel ones joined by `|`. */
export function stateText(value: StateValue): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([key, inner]) => (inner === undefined ? key : `${key}.${stateText(inner)}`))
    .join('|');
}

/** One actor, followed event by event: the auditor's fold, and what its effects leave standing. */
export class StandingFold {
  readonly #fold: StreamFold;
  #standing: Standing;
  /** Null as long as its chart takes what comes. */
  #verdict: Exclude<Standing['verdict'], 'known'> | null = null;

  /** @param fold in the state that it goes on from: at its first event, or behind those that are archived */
  constructor(fold: StreamFold) {
    this.#fold = fold;
    this.#standing = { ...NOTHING, state: fold.state === null ? '' : stateText(fold.state.value) };
  }

  /** After the events that it took. Of what is archived only the state is known. */
  get standing(): Standing {
    return this.#standing;
  }

  take(event: RecordedEvent): { readonly standing: Standing; readonly sends: Entry['sends'] } {
    const { chart, state } = this.#fold;
    const taken = this.#fold.take(event);
    const refusals = this.#standing.refusals + refusalsIn(event);
    if (taken.kind !== 'taken') {
      this.#verdict = this.#verdict ?? verdictOf(taken);
      this.#standing = { ...NOTHING, verdict: this.#verdict, refusals };
      return { standing: this.#standing, sends: [] };
    }
    const law = chart ?? this.#fold.chart;
    const after = this.#fold.state;
    const before = state ?? law?.initial();
    this.#standing = {
      verdict: 'known',
      state: after === null ? '' : stateText(after.value),
      fired: law === null || before === undefined ? [] : firing(law, before, event),
      timers: timersAfter(this.#standing.timers, taken.effects, event),
      outbox: outboxAfter(this.#standing.outbox, taken.effects),
      refusals,
    };
    return { standing: this.#standing, sends: sendsOf(taken.effects) };
  }
}

/** An event that is missing proves nothing: what is heard over NATS is heard from some moment on, and not all of it. */
function verdictOf(taken: Exclude<Taken, { readonly kind: 'taken' }>): 'deviates' | 'unknown' {
  if (taken.kind === 'deviates') return taken.deviation.kind === 'gap' ? 'unknown' : 'deviates';
  return taken.because === 'deviation' ? 'deviates' : 'unknown';
}

function refusalsIn({ type, data }: RecordedEvent): number {
  return type === 'MessageRefused' && typeof data['count'] === 'number' ? data['count'] : 0;
}

/** As a step makes them: a timer that is armed again replaces the one of its name, and one that is due is gone. */
function timersAfter(
  before: Standing['timers'],
  effects: readonly Effect[],
  { meta: { recordedAt }, data, type }: RecordedEvent,
): Standing['timers'] {
  let timers = before;
  const without = (name: string): Standing['timers'] => timers.filter((timer) => timer.name !== name);
  const due = type === 'BackOffEnded' ? 'backOff' : data['timer'];
  if (typeof due === 'string' && timers.some(({ name }) => name === due)) timers = without(due);
  for (const effect of effects) {
    if (effect.type === 'disarm') timers = without(effect.timer);
    if (effect.type !== 'arm') continue;
    const dueAt = new Date(Date.parse(recordedAt) + effect.delayMs).toISOString();
    timers = [...without(effect.timer), { name: effect.timer, dueAt }];
  }
  return timers;
}

const outboxName = ({ message, about }: { readonly message: string; readonly about?: string }): string =>
  about === undefined || about === '' ? message : `${message} (${about})`;

function outboxAfter(before: Standing['outbox'], effects: readonly Effect[]): Standing['outbox'] {
  let outbox = before;
  for (const effect of effects) {
    if (effect.type !== 'send' && effect.type !== 'settle') continue;
    const name = outboxName(effect);
    outbox = outbox.filter((waiting) => waiting !== name);
    if (effect.type === 'send') outbox = [...outbox, name];
  }
  return outbox;
}

function sendsOf(effects: readonly Effect[]): Entry['sends'] {
  return effects.flatMap((effect) => {
    switch (effect.type) {
      case 'send':
      case 'resend':
      case 'answer':
      case 'notify':
        return [{ message: effect.message, how: effect.type }];
      default:
        return [];
    }
  });
}

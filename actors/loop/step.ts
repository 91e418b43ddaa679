import { checkFact, type Fact } from '../../events/decode.ts';
import type { ChartId } from '../../events/charts.ts';
import { FLOWS, type Flow } from '../../events/fields.ts';
import type {
  Commit,
  ExpectedVersion,
  JournalReader,
  Line,
  NewEvent,
  OutboxRow,
  StoredAnswer,
  TimerRow,
} from '../../events/journal/port.ts';
import { changeRequestStep } from '../../events/steps.ts';
import type { Chart, ChartState } from '../../machines/chart.ts';
import type { Effect } from '../../machines/effect.ts';
import { chartName } from '../../projections/chart-hash.ts';
import type { Actor } from '../fold.ts';
import { MAX_FACTS_PER_STEP } from '../limits.ts';
import type { Role, Scope, StepMemory, Targeted } from '../role.ts';
import type { Clock } from '../seams/clock.ts';
import type { Entropy } from '../seams/entropy.ts';
import { encodeMessage, type Incoming, type Letter } from '../wire/messages.ts';

/** Wraps keys for the journal; see `security/keyring.ts`. */
export interface Keyring {
  wrap(id: string, secret: Uint8Array): Uint8Array;
  unwrap(id: string, wrapped: Uint8Array): Uint8Array | null;
}

export interface StepHost {
  readonly role: Role;
  readonly journal: JournalReader & { wrappedKey(id: string): Promise<Uint8Array | null> };
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly keyring: Keyring;
  /** The actor as this unit knows it, committed or about to be. */
  actor(stream: string): Actor | Promise<Actor>;
  /** An actor of any unit, as committed. */
  fold(chart: Chart, stream: string): Promise<Actor>;
}

/** What leads to a step. */
export interface Cause {
  /** Actor that the step is for; its flow tells the step of the change request. */
  readonly stream: string;
  readonly message: Incoming | null;
  readonly correlationId: string;
  readonly causationId: string | null;
}

export interface Outgoing {
  readonly subject: string;
  readonly payload: string;
  readonly messageId: string;
  readonly correlationId: string;
}

export class StepError extends Error {
  override readonly name = 'StepError';
}

interface Touched {
  readonly chart: Chart<ChartId>;
  readonly base: number;
  state: ChartState<unknown>;
  taken: number;
}

export const outboxId = (stream: string, message: string, about = ''): string => `${stream}|${message}|${about}`;
/** The id first: messages of one moment lie together in the index of what was seen. */
export const messageKey = (stream: string, messageId: string): string => `${messageId}#${stream}`;

/**
 * One step under construction: facts go through the charts, effects become rows. Nothing leaves and nothing is stored
 * until `commit()` is appended; a draft that is thrown away has changed nothing.
 */
export class Draft implements Scope {
  readonly memory: StepMemory = {
    session: null,
    reply: null,
    respond: null,
    chain: null,
    refused: null,
    changes: [],
    more: 'all',
  };
  readonly now: number;
  readonly message: Incoming | null;
  /** Leaves after the commit, in this order. */
  readonly outgoing: Outgoing[] = [];
  /** Outbox rows that are sent once more after the commit. */
  readonly resend: string[] = [];
  readonly #host: StepHost;
  readonly #cause: Cause;
  readonly #touched = new Map<string, Touched>();
  readonly #taken: {
    readonly stream: string;
    readonly chart: Chart<ChartId>;
    readonly fact: Fact;
    readonly version: number;
  }[] = [];
  readonly #asks: { readonly stream: string; readonly fact: string }[] = [];
  readonly #put = new Map<string, OutboxRow>();
  readonly #settled = new Set<string>();
  readonly #answers: StoredAnswer[] = [];
  readonly #armed = new Map<string, TimerRow>();
  readonly #disarmed = new Map<string, { readonly stream: string; readonly name: string }>();
  readonly #keys = new Map<string, Uint8Array | null>();

  constructor(host: StepHost, cause: Cause) {
    this.#host = host;
    this.#cause = cause;
    this.message = cause.message;
    this.now = host.clock.now();
  }

  id(): string {
    return this.#host.entropy.id();
  }

  bytes(length: number): Uint8Array {
    return this.#host.entropy.bytes(length);
  }

  get journal(): JournalReader {
    return this.#host.journal;
  }

  readonly keys = {
    put: (id: string, secret: Uint8Array): void => void this.#keys.set(id, secret),
    drop: (id: string): void => void this.#keys.set(id, null),
    get: async (id: string): Promise<Uint8Array | null> => {
      const here = this.#keys.get(id);
      if (here !== undefined) return here;
      const wrapped = await this.#host.journal.wrappedKey(id);
      return wrapped === null ? null : this.#host.keyring.unwrap(id, wrapped);
    },
  };

  async state<Context>(chart: Chart<string, Context>, stream: string): Promise<ChartState<Context>> {
    return own(chart, stream, (await this.#touch(stream)).state);
  }

  context<Context>(chart: Chart<string, Context>, stream: string): Context {
    const touched = this.#touched.get(stream);
    if (touched === undefined) throw new StepError(`The step has not touched ${stream}.`);
    return own(chart, stream, touched.state).context;
  }

  async nextVersion(stream: string): Promise<number> {
    const touched = await this.#touch(stream);
    return touched.base + touched.taken + 1;
  }

  async peek<Context>(chart: Chart<string, Context>, stream: string): Promise<ChartState<Context>> {
    return own(chart, stream, (await this.#host.fold(chart, stream)).state);
  }

  async can(fact: Targeted): Promise<boolean> {
    const { chart, state } = await this.#touch(fact.stream);
    return chart.can(state, fact);
  }

  /** Takes the fact, and then every fact that the charts ask for, until none is left. */
  async take(fact: Targeted): Promise<void> {
    this.#apply(fact, await this.#touch(fact.stream));
    for (let ask = this.#asks.shift(); ask !== undefined; ask = this.#asks.shift()) {
      const answer = this.#host.role.facts[ask.fact];
      if (answer === undefined) throw new StepError(`Role ${this.#host.role.name} has no answer to '${ask.fact}'.`);
      for (const next of await answer(this, ask.stream)) this.#apply(next, await this.#touch(next.stream));
    }
  }

  /** A stored answer to the message of this step. */
  answer(letter: Letter): void {
    const { inReplyTo, subject } = letter;
    if (inReplyTo === null) throw new StepError(`Answer ${letter.type} does not say what it answers.`);
    const outgoing = this.#write(letter);
    this.outgoing.push(outgoing);
    const { messageId, payload, correlationId } = outgoing;
    const key = messageKey(this.#cause.stream, inReplyTo);
    this.#answers.push({ messageKey: key, messageId, subject, payload, correlationId });
  }

  /** A message that is refused leaves no key behind and takes none away. */
  forgetKeys(): void {
    this.#keys.clear();
  }

  /** Whether nothing came of the message but facts of the actor itself and answers. */
  get isMereAnswer(): boolean {
    const isOwn = this.#taken.every(({ stream }) => stream === this.#cause.stream);
    return isOwn && this.#put.size === 0 && this.outgoing.length === this.#answers.length;
  }

  /** Forgets everything but the answers: the actor stays as it was, and a repetition gets the same bytes. */
  keepAnswers(): void {
    this.#taken.length = 0;
    this.resend.length = 0;
    for (const forgotten of [this.#touched, this.#settled, this.#armed, this.#disarmed, this.#keys]) forgotten.clear();
  }

  disarm(stream: string, name: string): void {
    this.#armed.delete(`${stream}|${name}`);
    this.#disarmed.set(`${stream}|${name}`, { stream, name });
  }

  /** The actors as they are after this step. */
  *actors(): Iterable<readonly [string, Actor]> {
    for (const [stream, { chart, state, base, taken }] of this.#touched)
      yield [stream, { chart, state, version: base + taken }];
  }

  get isEmpty(): boolean {
    return this.#taken.length === 0 && this.#disarmed.size === 0 && this.#answers.length === 0;
  }

  get timers(): {
    readonly arm: readonly TimerRow[];
    readonly disarm: readonly { readonly stream: string; readonly name: string }[];
  } {
    return { arm: [...this.#armed.values()], disarm: [...this.#disarmed.values()] };
  }

  /**
   * Events keep the order in which they were taken, over all streams of the step; what was only read is checked.
   * @param key idempotency key of the message that the step consumes, or null
   * @param line of the steps that it was computed on and that are not durable yet
   */
  commit(key: string | null, line: Line | null = null): Commit {
    const flow = this.#flow();
    const recordedAt = new Date(this.now).toISOString();
    const { correlationId, causationId } = this.#cause;
    const messageId = this.message?.messageId ?? causationId ?? correlationId;
    const appends: { readonly stream: string; readonly expected: ExpectedVersion; readonly events: NewEvent[] }[] = [];
    const versions = new Map<string, number>();
    for (const { stream, chart, fact, version: schemaVersion } of this.#taken) {
      const meta = {
        messageId,
        correlationId,
        causationId,
        role: this.#host.role.name,
        chart: chartName(chart),
        crStep: changeRequestStep(chart.id, fact.type, flow),
        recordedAt,
      };
      const event = { type: fact.type, schemaVersion, data: fact.data, meta };
      const version = versions.get(stream) ?? this.#base(stream);
      versions.set(stream, version + 1);
      const run = appends.at(-1);
      if (run?.stream === stream) run.events.push(event);
      else appends.push({ stream, expected: expectedVersion(version), events: [event] });
    }
    for (const [stream, { base }] of this.#touched) {
      if (!versions.has(stream)) appends.push({ stream, expected: expectedVersion(base), events: [] });
    }
    const keys = [...this.#keys];
    return {
      line,
      messageKey: key,
      appends,
      outbox: { put: [...this.#put.values()], settle: [...this.#settled] },
      answers: this.#answers,
      timers: this.timers,
      keys: {
        put: keys.flatMap(([id, secret]) =>
          secret === null ? [] : [{ id, wrapped: this.#host.keyring.wrap(id, secret) }],
        ),
        drop: keys.flatMap(([id, secret]) => (secret === null ? [id] : [])),
      },
    };
  }

  #base(stream: string): number {
    return this.#touched.get(stream)?.base ?? 0;
  }

  async #touch(stream: string): Promise<Touched> {
    const known = this.#touched.get(stream);
    if (known !== undefined) return known;
    const found = this.#host.actor(stream);
    const actor = found instanceof Promise ? await found : found;
    const touched = { chart: this.#host.role.chartOf(stream), base: actor.version, state: actor.state, taken: 0 };
    this.#touched.set(stream, touched);
    return touched;
  }

  #apply(fact: Targeted, actor: Touched): void {
    if (this.#taken.length >= MAX_FACTS_PER_STEP) {
      throw new StepError(`A step of ${this.#cause.stream} made more than ${MAX_FACTS_PER_STEP} events.`);
    }
    const { stream, type, data } = fact;
    const version = checkFact(actor.chart.id, { type, data });
    const step = actor.chart.transition(actor.state, fact);
    actor.state = step.state;
    actor.taken += 1;
    this.#taken.push({ stream, chart: actor.chart, fact: { type, data }, version });
    for (const effect of step.effects) this.#note(stream, effect);
  }

  #note(stream: string, effect: Effect): void {
    switch (effect.type) {
      case 'ask':
        this.#asks.push({ stream, fact: effect.fact });
        return;
      case 'send': {
        const id = outboxId(stream, effect.message, effect.about);
        const outgoing = this.#write(this.#letter(stream, effect.message, effect.about));
        const { subject, payload, correlationId } = outgoing;
        this.outgoing.push(outgoing);
        this.#settled.add(id);
        this.#put.set(id, { id, stream, subject, payload, correlationId });
        return;
      }
      case 'resend':
        this.resend.push(outboxId(stream, effect.message, effect.about));
        return;
      case 'settle': {
        const id = outboxId(stream, effect.message, effect.about);
        this.#put.delete(id);
        this.#settled.add(id);
        return;
      }
      case 'answer':
        this.answer(this.#letter(stream, effect.message));
        return;
      case 'notify':
        this.outgoing.push(this.#write(this.#letter(stream, effect.message)));
        return;
      case 'arm': {
        const { timer: name, event } = effect;
        const dueAt = this.now + effect.delayMs;
        this.#disarmed.delete(`${stream}|${name}`);
        this.#armed.set(`${stream}|${name}`, { stream, name, dueAt, event, correlationId: this.#cause.correlationId });
        return;
      }
      case 'disarm':
        this.disarm(stream, effect.timer);
        return;
    }
  }

  #letter(stream: string, message: string, about = ''): Letter {
    const letter = this.#host.role.letters[message];
    if (letter === undefined) throw new StepError(`Role ${this.#host.role.name} has no letter '${message}'.`);
    return letter(this, stream, about);
  }

  #write(letter: Letter): Outgoing {
    const messageId = letter.messageId ?? this.id();
    const { correlationId } = this.#cause;
    return {
      subject: letter.subject,
      payload: encodeMessage(letter, messageId, correlationId),
      messageId,
      correlationId,
    };
  }

  /** Flow that the actor of the step is in once it is done. */
  #flow(): Flow | null {
    const context = this.#touched.get(this.#cause.stream)?.state.context;
    const flow = typeof context === 'object' && context !== null && 'flow' in context ? context.flow : null;
    return FLOWS.find((known) => known === flow) ?? null;
  }
}

function expectedVersion(version: number): ExpectedVersion {
  return version === 0 ? { kind: 'noStream' } : { kind: 'exactly', version };
}

function own<Context>(chart: Chart<string, Context>, stream: string, state: ChartState<unknown>): ChartState<Context> {
  if (!chart.owns(state)) throw new StepError(`${stream} is no actor of chart ${chart.id}.`);
  return state;
}

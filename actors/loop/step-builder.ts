import { chartOf } from '../../machines/streams.ts';
import { FLOWS, type Flow } from '../../events/fields.ts';
import type { Commit, JournalReader, Line } from '../../journal/port.ts';
import type { Chart } from '../../machines/chart.ts';
import type { Effect } from '../../machines/effect.ts';
import type { Actor } from '../../fold/fold.ts';
import { MAX_EVENTS_PER_STEP } from './limits.ts';
import type { Answered, RefusedSender, Role, Scope, StreamEvent } from './role.ts';
import type { Clock } from '../../seams/clock.ts';
import type { Entropy } from '../../seams/entropy.ts';
import { appendsOf, type Taken } from './step/events.ts';
import { StepKeys, type Keyring } from './step/keys.ts';
import { StepMessages, type Outgoing } from './step/messages.ts';
import { StepTimers } from './step/timers.ts';
import type { Cause } from './work.ts';
import type { ChartId } from '../../machines/catalogue.ts';
import { checkEvent } from '../../fold/decode.ts';
import type { ChartState } from '../../machines/state.ts';
import type { Incoming } from '../../messages/incoming.ts';
import type { OutboundMessage } from '../../messages/envelope.ts';
import { StepError } from './step-error.ts';
import type { Found } from './step-value.ts';

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

interface Touched {
  readonly chart: Chart<ChartId>;
  readonly base: number;
  readonly found: ChartState<unknown>;
  state: ChartState<unknown>;
  taken: number;
}

/**
 * One step under construction: facts go through the charts, effects become rows. Nothing leaves and nothing is stored
 * until `commit()` is appended; a step that is thrown away has changed nothing.
 */
export class StepBuilder implements Scope {
  /** A sender that failed authentication or authorization in this step. */
  #refused: RefusedSender | null = null;
  readonly now: number;
  readonly message: Incoming | null;
  readonly #host: StepHost;
  readonly #cause: Cause;
  readonly #touched = new Map<string, Touched>();
  readonly #taken: Taken[] = [];
  readonly findings: Found[] = [];
  readonly #asks: { readonly stream: string; readonly chart: string; readonly fact: string }[] = [];
  readonly #messages: StepMessages;
  readonly #timers = new StepTimers();
  readonly #keys: StepKeys;

  constructor(host: StepHost, cause: Cause) {
    this.#host = host;
    this.#cause = cause;
    this.#messages = new StepMessages(cause, () => this.id());
    this.#keys = new StepKeys(host);
    this.message = cause.message;
    this.now = host.clock.now();
  }

  // What the code of the role sees of it.

  id(): string {
    return this.#host.entropy.id();
  }

  bytes(length: number): Uint8Array {
    return this.#host.entropy.bytes(length);
  }

  get journal(): JournalReader {
    return this.#host.journal;
  }

  get keys(): Scope['keys'] {
    return this.#keys.scope;
  }

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

  // How it is made.

  async can(event: StreamEvent): Promise<boolean> {
    const { chart, state } = await this.#touch(event.stream);
    return chart.can(state, event);
  }

  /** Takes the event, and then every fact that the charts ask for, until none is left. */
  async take(event: StreamEvent): Promise<void> {
    this.#apply(event, await this.#touch(event.stream));
    for (let ask = this.#asks.shift(); ask !== undefined; ask = this.#asks.shift()) {
      const { stream, chart, fact: name } = ask;
      const handler = this.#host.role.handlers[chart]?.asks[name];
      if (handler === undefined)
        throw new StepError(`Role ${this.#host.role.name} has no answer to '${name}' of ${chart}.`);
      for (const next of this.found(await handler(this, stream))) this.#apply(next, await this.#touch(next.stream));
    }
  }

  /** What was found is kept for the rest of the step. @returns the events */
  found(answered: Answered): readonly StreamEvent[] {
    if (!('events' in answered)) return answered;
    if (answered.found !== undefined) this.findings.push(...answered.found);
    this.#refused = answered.refused ?? this.#refused;
    return answered.events;
  }

  /** A stored answer to the message of this step. */
  answer(message: OutboundMessage): void {
    this.#messages.answer(message);
  }

  disarm(stream: string, name: string): void {
    this.#timers.disarm(stream, name);
  }

  /** A message that is refused leaves no key behind and takes none away. */
  forgetKeys(): void {
    this.#keys.clear();
  }

  /**
   * Forgets everything but the answers: the actors stay as they were, which the commit checks, and a repetition gets the
   * same bytes.
   */
  keepAnswers(): void {
    this.#taken.length = 0;
    for (const touched of this.#touched.values()) {
      touched.state = touched.found;
      touched.taken = 0;
    }
    this.#messages.keepAnswers();
    this.#timers.clear();
    this.#keys.clear();
  }

  // What came of it.

  get isEmpty(): boolean {
    return this.#taken.length === 0 && this.#timers.disarmsNone && !this.#messages.hasAnswers;
  }

  get refused(): RefusedSender | null {
    return this.#refused;
  }

  /** Whether nothing came of the message but facts of the actor itself and answers. */
  get isMereAnswer(): boolean {
    return this.#taken.every(({ stream }) => stream === this.#cause.stream) && this.#messages.hasNothingButAnswers;
  }

  /** The actors as they are after this step. */
  *actors(): Iterable<readonly [string, Actor]> {
    for (const [stream, { chart, state, base, taken }] of this.#touched)
      yield [stream, { chart, state, version: base + taken }];
  }

  /** Leaves after the commit, in this order. */
  get outgoing(): readonly Outgoing[] {
    return this.#messages.outgoing;
  }

  /** Outbox rows that are sent once more after the commit. */
  get resend(): readonly string[] {
    return this.#messages.resend;
  }

  get timers(): Commit['timers'] {
    return this.#timers.rows();
  }

  /**
   * @param key idempotency key of the message that the step consumes, or null
   * @param line of the steps that it was computed on and that are not durable yet
   */
  commit(key: string | null, line: Line | null = null): Commit {
    const { correlationId, causationId } = this.#cause;
    const messageId = this.message?.messageId ?? causationId ?? correlationId;
    const recordedAt = new Date(this.now).toISOString();
    const { name: role } = this.#host.role;
    const about = { messageId, correlationId, causationId, role, recordedAt };
    const bases = new Map([...this.#touched].map(([stream, { base }]) => [stream, base]));
    return {
      line,
      messageKey: key,
      appends: appendsOf(this.#taken, bases, about),
      ...this.#messages.rows(),
      timers: this.timers,
      keys: this.#keys.rows(),
    };
  }

  async #touch(stream: string): Promise<Touched> {
    const known = this.#touched.get(stream);
    if (known !== undefined) return known;
    const found = this.#host.actor(stream);
    const actor = found instanceof Promise ? await found : found;
    const { version: base, state } = actor;
    const touched = { chart: chartOf(stream), base, found: state, state, taken: 0 };
    this.#touched.set(stream, touched);
    return touched;
  }

  #apply(event: StreamEvent, actor: Touched): void {
    if (this.#taken.length >= MAX_EVENTS_PER_STEP) {
      throw new StepError(`A step of ${this.#cause.stream} made more than ${MAX_EVENTS_PER_STEP} events.`);
    }
    const { stream, type, data } = event;
    const definition = checkEvent(actor.chart.id, { type, data });
    const step = actor.chart.transition(actor.state, event);
    actor.state = step.state;
    actor.taken += 1;
    this.#taken.push({ stream, chart: actor.chart, event: { type, data }, definition, flow: this.#flow() });
    for (const effect of step.effects) this.#note(stream, effect);
  }

  #note(stream: string, effect: Effect): void {
    switch (effect.type) {
      case 'ask':
        this.#asks.push({ stream, chart: this.#chartOf(stream), fact: effect.fact });
        return;
      case 'send': {
        const { message, about } = effect;
        this.#messages.request(stream, message, about, this.#build(stream, message, about));
        return;
      }
      case 'resend':
        this.#messages.requestAgain(stream, effect.message, effect.about);
        return;
      case 'settle':
        this.#messages.settle(stream, effect.message, effect.about);
        return;
      case 'answer':
        this.#messages.answer(this.#build(stream, effect.message));
        return;
      case 'notify':
        this.#messages.notify(this.#build(stream, effect.message));
        return;
      case 'arm': {
        const { timer: name, event, delayMs } = effect;
        const { correlationId } = this.#cause;
        this.#timers.arm({ stream, name, dueAt: this.now + delayMs, event, correlationId });
        return;
      }
      case 'disarm':
        this.#timers.disarm(stream, effect.timer);
        return;
    }
  }

  #build(stream: string, message: string, about = ''): OutboundMessage {
    const chart = this.#chartOf(stream);
    const build = this.#host.role.handlers[chart]?.messages[message];
    if (build === undefined)
      throw new StepError(`Role ${this.#host.role.name} has no message '${message}' of ${chart}.`);
    return build(this, stream, about);
  }

  #chartOf(stream: string): string {
    return this.#touched.get(stream)?.chart.id ?? '';
  }

  /** Flow that the actor of the step is in now. */
  #flow(): Flow | null {
    const context = this.#touched.get(this.#cause.stream)?.state.context;
    const flow = typeof context === 'object' && context !== null && 'flow' in context ? context.flow : null;
    return FLOWS.find((known) => known === flow) ?? null;
  }
}

function own<Context>(chart: Chart<string, Context>, stream: string, state: ChartState<unknown>): ChartState<Context> {
  if (!chart.owns(state)) throw new StepError(`${stream} is no actor of chart ${chart.id}.`);
  return state;
}

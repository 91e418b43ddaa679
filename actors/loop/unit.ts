import type { ResponseCode } from '../../events/codes.ts';
import type { Fact } from '../../events/decode.ts';
import { Line, type CommitResult, type Journal, type StoredAnswer, type TimerRow } from '../../events/journal/port.ts';
import { ActorCache, type Census } from './actor-cache.ts';
import type { Actor } from '../fold.ts';
import { IDLE_MS, MAX_MAILBOX, MAX_REDO, MAX_UNCOMMITTED } from '../limits.ts';
import type { Refusal } from './refusals.ts';
import type { Scope, Targeted } from '../role.ts';
import type { LogFields } from '../seams/log.ts';
import { Draft, messageKey, type Cause, type StepHost } from './step.ts';
import { deviceOf, type Incoming } from '../wire/messages.ts';

/** Makes the facts of a command from the state it finds; none when there is nothing to do. */
export type Command = (scope: Scope) => readonly Targeted[] | Promise<readonly Targeted[]>;

export type Work =
  | { readonly kind: 'message'; readonly stream: string; readonly message: Incoming }
  | { readonly kind: 'timer'; readonly stream: string; readonly row: TimerRow }
  | {
      readonly kind: 'command';
      readonly stream: string;
      readonly command: Command;
      readonly correlationId: string;
      readonly done: (result: 'taken' | 'refused' | Error) => void;
    };

interface Queued {
  readonly seq: number;
  readonly redo: number;
  readonly work: Work;
}

/**
 * What the computation of a step came to. Nothing of it has happened yet: while it was computed the state may have been
 * dropped, and then it is computed again.
 */
type Outcome =
  /** `consumed`: a repetition of the message gets the stored answer. `open`: it may come again. */
  | { readonly kind: 'commit'; readonly message: 'consumed' | 'open' }
  /** `like`: what the like of it get, when it is summed: a notice and may come again, or its answer, which is stored. */
  | { readonly kind: 'refuse'; readonly refusal: Refusal; readonly like: 'notice' | 'answer' }
  | { readonly kind: 'nothing'; readonly say: () => void };

const COMMIT_CONSUMED = { kind: 'commit', message: 'consumed' } as const;
const COMMIT_OPEN = { kind: 'commit', message: 'open' } as const;
const NOTHING = { kind: 'nothing', say: () => {} } as const;

/** What a unit needs of the process that it lives in. */
export interface UnitHost extends Omit<StepHost, 'actor' | 'journal'> {
  readonly journal: Journal;
  /** The commit is durable: messages leave, timers run. */
  release(draft: Draft, result: CommitResult): void;
  /** The same message again: its stored answers leave again. */
  repeat(answers: readonly StoredAnswer[]): void;
  /** Tells the sender that a message was not taken, without an outcome. */
  notice(message: Incoming, code: ResponseCode): void;
  noteRefusal(refusal: Refusal): 'first' | 'summed';
  /** A first refusal was not committed after all: the next one of its kind is first again. */
  takeBackRefusal(refusal: Refusal): void;
  isArmed(row: TimerRow): boolean | Promise<boolean>;
  failed(work: Work, error: Error): void;
  warn(message: string, fields: LogFields): void;
}

/**
 * One unit of serialisation and its mailbox: the loop of the README. Messages are computed one at a time; a step is
 * handed to the journal and the next one is computed on its result before it is durable, but nothing leaves before its
 * commit. When a commit is refused, everything in memory is dropped and the steps are done again; the journal refuses those
 * that were computed on it.
 */
export class Unit {
  readonly #host: UnitHost;
  readonly #actors: ActorCache;
  readonly #inFlightKeys = new Set<string>();
  /** Timers as steps under way leave them: armed with this row, or disarmed (null). */
  readonly #timersAhead = new Map<string, TimerRow | null>();
  readonly #queue: Queued[] = [];
  #seq = 0;
  #inFlight = 0;
  #epoch = 0;
  /** Of the steps that are computed on what is in memory. */
  #line = new Line();
  #pumping = false;
  readonly #idle: (() => void)[] = [];
  readonly #unload: () => void;

  /**
   * @param census of all units of the process
   * @param unload called when nothing is under way and nothing in memory any more
   */
  constructor(host: UnitHost, census: Census, unload: () => void) {
    this.#host = host;
    this.#actors = new ActorCache(census);
    this.#unload = unload;
  }

  get isBusy(): boolean {
    return this.#pumping || this.#inFlight > 0 || this.#queue.length > 0;
  }

  /** Resolves when nothing is under way. */
  whenIdle(): Promise<void> {
    return this.isBusy ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  #rest(): void {
    if (this.isBusy) return;
    for (const resolve of this.#idle.splice(0)) resolve();
    if (this.isEmpty) this.#unload();
  }

  /** Nothing under way and nothing in memory. */
  get isEmpty(): boolean {
    return !this.isBusy && this.#actors.size === 0;
  }

  inMemory(): Iterable<readonly [string, Actor]> {
    return this.#actors.entries();
  }

  /** @returns whether there was room in the mailbox */
  enqueue(work: Work): boolean {
    if (this.#queue.length >= MAX_MAILBOX) return false;
    this.#queue.push({ seq: this.#seq++, redo: 0, work });
    void this.#pump();
    return true;
  }

  /** The actor as this unit knows it. */
  actor(stream: string): Actor | Promise<Actor> {
    return this.#actors.get(stream) ?? this.#load(stream);
  }

  /** Forgets everything in memory: another process may have changed it. Steps under way are done again where it has. */
  forget(): void {
    this.#drop();
    this.#rest();
  }

  /** Forgets actors that had nothing to do for `IDLE_MS`; the journal brings them back. */
  passivate(): void {
    this.#actors.passivate(this.#host.clock.now() - IDLE_MS);
  }

  /** Forgets so many of the least recently used: there are too many in the process. */
  evict(count: number): void {
    this.#actors.evict(count);
  }

  #keep(stream: string, actor: Actor): void {
    this.#actors.keep(stream, actor, this.#host.clock.now());
  }

  async #load(stream: string): Promise<Actor> {
    const epoch = this.#epoch;
    const actor = await this.#host.fold(this.#host.role.chartOf(stream), stream);
    if (epoch === this.#epoch) this.#keep(stream, actor);
    return actor;
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#inFlight < MAX_UNCOMMITTED) {
        const next = this.#queue.shift();
        if (next === undefined) break;
        const epoch = this.#epoch;
        try {
          await this.#handle(next, epoch);
        } catch (error) {
          if (epoch === this.#epoch) this.#fail(next, error);
          else this.#requeue(next);
        }
      }
    } finally {
      this.#pumping = false;
      this.#rest();
    }
  }

  async #handle(queued: Queued, epoch: number): Promise<void> {
    const { work } = queued;
    const key = work.kind === 'message' ? messageKey(work.stream, work.message.messageId) : null;
    if (key !== null) {
      if (this.#inFlightKeys.has(key)) return;
      if (await this.#host.journal.seen(key)) {
        this.#host.repeat(await this.#host.journal.answersTo(key));
        return;
      }
    }
    const draft = new Draft({ ...this.#stepHost, actor: (stream) => this.actor(stream) }, causeOf(work));
    const outcome = await this.#compute(work, draft);
    if (epoch !== this.#epoch) {
      this.#requeue(queued);
      return;
    }
    if (outcome.kind === 'nothing') {
      outcome.say();
      return;
    }
    const isSummed = outcome.kind === 'refuse' && this.#host.noteRefusal(outcome.refusal) === 'summed';
    if (isSummed && outcome.like === 'notice') {
      if (work.kind === 'message') this.#host.notice(work.message, outcome.refusal.code);
      return;
    }
    if (isSummed) draft.keepAnswers();
    const isConsumed = outcome.kind === 'refuse' || outcome.message === 'consumed';
    const step = {
      queued,
      draft,
      key: isConsumed ? key : null,
      refusal: outcome.kind === 'refuse' && !isSummed ? outcome.refusal : null,
    };
    for (const [stream, actor] of draft.actors()) {
      this.#keep(stream, actor);
      this.#actors.begin(stream);
    }
    for (const { stream, name } of draft.timers.disarm) this.#timersAhead.set(timerId(stream, name), null);
    for (const row of draft.timers.arm) this.#timersAhead.set(timerId(row.stream, row.name), row);
    void this.#commit(step);
  }

  get #stepHost(): Omit<StepHost, 'actor'> {
    const { role, journal, clock, entropy, keyring } = this.#host;
    return { role, journal, clock, entropy, keyring, fold: (chart, stream) => this.#host.fold(chart, stream) };
  }

  #compute(work: Work, draft: Draft): Promise<Outcome> {
    switch (work.kind) {
      case 'timer':
        return this.#computeTimer(work.row, draft);
      case 'command':
        return this.#computeCommand(work, draft);
      case 'message':
        return this.#computeMessage(work.message, work.stream, draft);
    }
  }

  async #computeTimer(row: TimerRow, draft: Draft): Promise<Outcome> {
    if (!(await this.#isArmed(row))) return NOTHING;
    draft.disarm(row.stream, row.name);
    const fact = { stream: row.stream, type: row.event.type, data: row.event.data };
    if (await draft.can(fact)) await draft.take(fact);
    return COMMIT_OPEN;
  }

  /** Whether this very arming is still in force, once the steps under way are durable. */
  #isArmed(row: TimerRow): boolean | Promise<boolean> {
    const ahead = this.#timersAhead.get(timerId(row.stream, row.name));
    return ahead === undefined ? this.#host.isArmed(row) : ahead === row;
  }

  async #computeCommand(work: Extract<Work, { readonly kind: 'command' }>, draft: Draft): Promise<Outcome> {
    for (const fact of await work.command(draft)) {
      if (!(await draft.can(fact))) return { kind: 'nothing', say: () => work.done('refused') };
      await draft.take(fact);
    }
    return draft.isEmpty ? { kind: 'nothing', say: () => work.done('taken') } : COMMIT_OPEN;
  }

  async #computeMessage(message: Incoming, stream: string, draft: Draft): Promise<Outcome> {
    const meaning = await this.#host.role.interpret(message, stream, draft);
    switch (meaning.kind) {
      case 'ignore': {
        const fields = { type: message.content.type, reason: meaning.reason };
        return { kind: 'nothing', say: () => this.#host.warn('message ignored', fields) };
      }
      case 'refuse':
        return this.#refuse(message, stream, meaning.code, draft);
      case 'notYet':
        for (const fact of meaning.meanwhile) if (await draft.can(fact)) await draft.take(fact);
        return draft.isEmpty ? NOTHING : COMMIT_OPEN;
      case 'facts': {
        if (!(await draft.can(meaning.primary))) {
          return this.#refuse(message, stream, await this.#code(stream, draft), draft);
        }
        await draft.take(meaning.primary);
        for (const fact of meaning.after ?? []) if (await draft.can(fact)) await draft.take(fact);
        return this.#refusedInStep(message, stream, draft) ?? COMMIT_CONSUMED;
      }
    }
  }

  #refusedInStep(message: Incoming, stream: string, draft: Draft): Outcome | null {
    const { refused } = draft.memory;
    if (refused === null || !draft.isMereAnswer) return null;
    return { kind: 'refuse', refusal: { stream, message: message.content.type, ...refused }, like: 'answer' };
  }

  async #code(stream: string, draft: Draft): Promise<ResponseCode> {
    const chart = this.#host.role.chartOf(stream);
    return chart.refusal(await draft.state(chart, stream));
  }

  async #refuse(message: Incoming, stream: string, code: ResponseCode, draft: Draft): Promise<Outcome> {
    const from = deviceOf(message) ?? message.gatewayId;
    const refusal: Refusal = { stream, message: message.content.type, from, code };
    draft.forgetKeys();
    await draft.take(refusalFact(refusal, 1));
    const letter = this.#host.role.refusal(message, code);
    if (letter !== null) draft.answer(letter);
    return { kind: 'refuse', refusal, like: 'notice' };
  }

  /** Never rejects. What comes of the step is settled in one turn, before anything else of this unit goes on. */
  async #commit(step: {
    readonly queued: Queued;
    readonly draft: Draft;
    readonly key: string | null;
    readonly refusal: Refusal | null;
  }): Promise<void> {
    const { queued, draft, key, refusal } = step;
    this.#inFlight += 1;
    if (key !== null) this.#inFlightKeys.add(key);
    let settle: () => void;
    try {
      const result = await this.#host.journal.commit(draft.commit(key, this.#line));
      settle = () => this.#settled(queued, draft, result);
      const isKept = result.kind === 'committed' || result.kind === 'duplicate';
      if (!isKept && refusal !== null) this.#host.takeBackRefusal(refusal);
    } catch (error) {
      if (refusal !== null) this.#host.takeBackRefusal(refusal);
      settle = () => {
        this.#drop();
        this.#fail(queued, error);
      };
    }
    this.#inFlight -= 1;
    for (const [stream] of draft.actors()) this.#actors.settle(stream);
    if (key !== null) this.#inFlightKeys.delete(key);
    try {
      settle();
    } catch (error) {
      // The commit stands; what could not be let out is sent again from the outbox, or asked for again.
      this.#host.warn('after a commit', { stream: queued.work.stream, error: String(error) });
    }
    if (this.#inFlight === 0) this.#timersAhead.clear();
    void this.#pump();
    this.#rest();
  }

  #settled({ seq, redo, work }: Queued, draft: Draft, result: CommitResult): void {
    if (result.kind === 'conflict') {
      this.#drop();
      if (redo < MAX_REDO) this.#requeue({ seq, work, redo: redo + 1 });
      else
        this.#fail({ seq, redo, work }, new Error(`The step met ${MAX_REDO} version conflicts on ${result.stream}.`));
      return;
    }
    if (result.kind === 'lineBroken') {
      // The one that broke it counts, and has dropped what this one was computed on.
      if (this.#line.isBroken) this.#drop();
      this.#requeue({ seq, work, redo });
      return;
    }
    // Somebody else had taken the message: the state in memory is not what is in the journal.
    if (result.kind === 'duplicate') this.#drop();
    this.#host.release(draft, result);
    if (work.kind === 'command') work.done('taken');
  }

  /** Back to its place: steps are done again in the order in which they came. */
  #requeue(queued: Queued): void {
    const later = this.#queue.findIndex(({ seq }) => seq > queued.seq);
    this.#queue.splice(later < 0 ? this.#queue.length : later, 0, queued);
  }

  #drop(): void {
    this.#epoch += 1;
    this.#line = new Line();
    this.#actors.clear();
    this.#timersAhead.clear();
  }

  #fail(queued: Queued, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { work } = queued;
    this.#host.failed(work, error);
    if (work.kind === 'command') work.done(error);
    if (work.kind === 'message') this.#host.notice(work.message, 503);
  }
}

const timerId = (stream: string, name: string): string => `${stream}|${name}`;

export function refusalFact({ stream, message, from, code }: Refusal, count: number): Fact & Targeted {
  return { stream, type: 'MessageRefused', data: { message, from, code, count } };
}

function causeOf(work: Work): Cause {
  const { stream } = work;
  if (work.kind === 'message') {
    const { message } = work;
    const { correlationId, messageId, inReplyTo } = message;
    return { stream, message, correlationId, causationId: inReplyTo ?? messageId };
  }
  const correlationId = work.kind === 'timer' ? work.row.correlationId : work.correlationId;
  const causationId = work.kind === 'timer' ? `timer:${work.row.name}` : null;
  return { stream, message: null, correlationId, causationId };
}

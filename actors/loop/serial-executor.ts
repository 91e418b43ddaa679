import type { ResponseCode } from '../../events/codes.ts';
import type { CommitResult, Journal, StoredAnswer, TimerRow } from '../../journal/port.ts';
import type { Actor } from '../../fold/fold.ts';
import { MAX_REDO, MAX_UNCOMMITTED } from './limits.ts';
import type { LogFields } from '../../seams/log.ts';
import type { Census } from './actor-cache.ts';
import { compute } from './computation.ts';
import { Mailbox, type Queued } from './mailbox.ts';
import type { Refusal, Refusals } from './refusals.ts';
import { StepBuilder, type StepHost } from './step-builder.ts';
import { messageKey } from './step/messages.ts';
import { ActorStates } from './actor-states.ts';
import { causeOf, type Work } from './work.ts';
import type { Incoming } from '../../messages/incoming.ts';

/** What a unit needs of the process that it lives in. */
export interface ExecutorHost extends Omit<StepHost, 'actor' | 'journal'> {
  readonly journal: Journal;
  /** The commit is durable: messages leave, timers run. */
  release(builder: StepBuilder, result: CommitResult): void;
  /** The same message again: its stored answers leave again. */
  repeat(answers: readonly StoredAnswer[]): void;
  /** Tells the sender that a message was not taken, without an outcome. */
  notice(message: Incoming, code: ResponseCode): void;
  readonly refusals: Refusals;
  isArmed(row: TimerRow): boolean | Promise<boolean>;
  failed(work: Work, error: Error): void;
  warn(message: string, fields: LogFields): void;
}

interface Refused {
  readonly refusal: Refusal;
  readonly note: 'first' | 'like';
}

/** A step that is computed and not durable yet. */
interface Step {
  readonly queued: Queued;
  readonly builder: StepBuilder;
  /** Idempotency key of the message that it consumes. */
  readonly key: string | null;
  /** The refusal that it commits, where it is one: in events as the first of its kind, or as an answer like another. */
  readonly refused: Refused | null;
}

/**
 * One unit of serialisation, and the loop: what comes is taken one at a time. (1) The same message again gets its stored
 * answer. (2, 3, 4) The step is computed: the chart takes what came and all facts that it then asks for, or it is refused.
 * (5) One append commits it. (6) Then its messages leave.
 *
 * The next step is computed on the result of the one before, before that is durable, but nothing leaves before its commit.
 * When a commit is refused, everything in memory is dropped and the steps are done again; the journal refuses those that
 * were computed on it.
 */
export class SerialExecutor {
  readonly #host: ExecutorHost;
  readonly #stepHost: StepHost;
  readonly #unload: () => void;
  readonly #mailbox = new Mailbox();
  readonly #memory: ActorStates;
  readonly #inFlightKeys = new Set<string>();
  #inFlight = 0;
  #pumping = false;
  readonly #idle: (() => void)[] = [];

  /**
   * @param census of all units of the process
   * @param unload called when nothing is under way and nothing in memory any more
   */
  constructor(host: ExecutorHost, census: Census, unload: () => void) {
    this.#host = host;
    this.#memory = new ActorStates(host, census);
    const { role, journal, clock, entropy, keyring } = host;
    this.#stepHost = {
      role,
      journal,
      clock,
      entropy,
      keyring,
      actor: (stream) => this.#memory.actor(stream),
      fold: (chart, stream) => host.fold(chart, stream),
    };
    this.#unload = unload;
  }

  /** @returns whether there was room in the mailbox */
  enqueue(work: Work): boolean {
    if (!this.#mailbox.add(work)) return false;
    void this.#pump();
    return true;
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#inFlight < MAX_UNCOMMITTED) {
        const next = this.#mailbox.next();
        if (next === undefined) break;
        const { epoch } = this.#memory;
        try {
          await this.#handle(next, epoch);
        } catch (error) {
          if (epoch === this.#memory.epoch) this.#fail(next, error);
          else this.#mailbox.putBack(next);
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
    if (key !== null && (await this.#isRepeated(key))) return;

    const builder = new StepBuilder(this.#stepHost, causeOf(work));
    const outcome = await compute(work, builder, {
      role: this.#host.role,
      isArmed: (row) => this.#memory.isArmed(row),
      warn: (message, fields) => this.#host.warn(message, fields),
    });
    if (epoch !== this.#memory.epoch) {
      this.#mailbox.putBack(queued);
      return;
    }
    if (outcome.kind === 'nothing') {
      outcome.say();
      return;
    }
    if (outcome.kind === 'commit') {
      this.#goOn({ queued, builder, key: outcome.message === 'consumed' ? key : null, refused: null });
      return;
    }
    const { refusal, like } = outcome;
    const note = this.#host.refusals.note(refusal);
    if (note === 'like' && like === 'notice') {
      this.#host.refusals.add(refusal);
      if (work.kind === 'message') this.#host.notice(work.message, refusal.code);
      return;
    }
    if (note === 'like') builder.keepAnswers();
    this.#goOn({ queued, builder, key, refused: { refusal, note } });
  }

  /** The next step is computed on what this one leaves, while it is committed. */
  #goOn(step: Step): void {
    this.#memory.begin(step.builder);
    void this.#commit(step);
  }

  /** Whether the message was consumed, or is about to be: then its answers leave again, or with the commit. */
  async #isRepeated(key: string): Promise<boolean> {
    if (this.#inFlightKeys.has(key)) return true;
    const { journal } = this.#host;
    if (!(await journal.seen(key))) return false;
    this.#host.repeat(await journal.answersTo(key));
    return true;
  }

  /** Never rejects. What comes of the step is settled in one turn, before anything else of this unit goes on. */
  async #commit({ queued, builder, key, refused }: Step): Promise<void> {
    this.#inFlight += 1;
    if (key !== null) this.#inFlightKeys.add(key);
    let settle: () => void;
    try {
      const result = await this.#host.journal.commit(builder.commit(key, this.#memory.line));
      settle = () => this.#settled(queued, builder, result);
      this.#count(refused, result.kind);
    } catch (error) {
      this.#count(refused, 'failed');
      settle = () => {
        this.#memory.drop();
        this.#fail(queued, error);
      };
    }
    this.#inFlight -= 1;
    this.#memory.end(builder);
    if (key !== null) this.#inFlightKeys.delete(key);
    try {
      settle();
    } catch (error) {
      // The commit stands; what could not be let out is sent again from the outbox, or asked for again.
      this.#host.warn('after a commit', { stream: queued.work.stream, error: String(error) });
    }
    this.#memory.rest();
    void this.#pump();
    this.#rest();
  }

  /** A refusal counts once it is durable. A first one that is not was none: the next of its kind is first again. */
  #count(refused: Refused | null, became: CommitResult['kind'] | 'failed'): void {
    if (refused === null || became === 'duplicate') return;
    const { refusals } = this.#host;
    const { refusal, note } = refused;
    if (note === 'like' && became === 'committed') refusals.add(refusal);
    else if (note === 'first' && became !== 'committed') refusals.takeBack(refusal);
  }

  #settled({ seq, redo, work }: Queued, builder: StepBuilder, result: CommitResult): void {
    if (result.kind === 'conflict') {
      this.#memory.drop();
      if (redo < MAX_REDO) this.#mailbox.putBack({ seq, work, redo: redo + 1 });
      else
        this.#fail({ seq, redo, work }, new Error(`The step met ${MAX_REDO} version conflicts on ${result.stream}.`));
      return;
    }
    if (result.kind === 'lineBroken') {
      // The one that broke it counts, and has dropped what this one was computed on.
      if (this.#memory.line.isBroken) this.#memory.drop();
      this.#mailbox.putBack({ seq, work, redo });
      return;
    }
    // Somebody else had taken the message: the state in memory is not what is in the journal.
    if (result.kind === 'duplicate') this.#memory.drop();
    this.#host.release(builder, result);
    if (work.kind === 'command') work.done('taken');
  }

  #fail(queued: Queued, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { work } = queued;
    this.#host.failed(work, error);
    if (work.kind === 'command') work.done(error);
    if (work.kind === 'message') this.#host.notice(work.message, 503);
  }

  /** Forgets everything in memory: another process may have changed it. Steps under way are done again where it has. */
  forget(): void {
    this.#memory.drop();
    this.#rest();
  }

  passivate(): void {
    this.#memory.passivate();
  }

  /** Forgets so many actors. */
  evict(count: number): void {
    this.#memory.evict(count);
  }

  inMemory(): Iterable<readonly [string, Actor]> {
    return this.#memory.entries();
  }

  /** Nothing under way and nothing in memory. */
  get isEmpty(): boolean {
    return !this.isBusy && this.#memory.size === 0;
  }

  get isBusy(): boolean {
    return this.#pumping || this.#inFlight > 0 || !this.#mailbox.isEmpty;
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
}

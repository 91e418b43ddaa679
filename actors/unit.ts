import type { ResponseCode } from '../events/codes.ts';
import type { Fact } from '../events/decode.ts';
import type { CommitResult, Journal, StoredAnswer, TimerRow } from '../events/journal/port.ts';
import { foldActor, type Actor } from './fold.ts';
import { IDLE_MS, MAX_MAILBOX, MAX_REDO, MAX_UNCOMMITTED } from './limits.ts';
import type { Refusal } from './refusals.ts';
import type { Scope, Targeted } from './role.ts';
import type { LogFields } from './seams/log.ts';
import { Draft, messageKey, type Cause, type StepHost } from './step.ts';
import type { Incoming } from './wire/messages.ts';

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
  isArmed(row: TimerRow): boolean;
  failed(work: Work, error: Error): void;
  warn(message: string, fields: LogFields): void;
}

/**
 * One unit of serialisation and its mailbox: the loop of the design. Messages are computed one at a time; a step is
 * handed to the journal and the next one is computed on its result before it is durable, but nothing leaves before its
 * commit. When a commit is refused, everything in memory is dropped and the steps are done again.
 */
export class Unit {
  readonly #host: UnitHost;
  readonly #actors = new Map<string, { readonly actor: Actor; readonly usedAt: number }>();
  readonly #inFlightKeys = new Set<string>();
  #queue: Queued[] = [];
  #seq = 0;
  #inFlight = 0;
  #epoch = 0;
  #pumping = false;
  readonly #idle: (() => void)[] = [];

  constructor(host: UnitHost) {
    this.#host = host;
  }

  get isBusy(): boolean {
    return this.#pumping || this.#inFlight > 0 || this.#queue.length > 0;
  }

  /** Resolves when nothing is under way. */
  whenIdle(): Promise<void> {
    return this.isBusy ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  #rest(): void {
    if (!this.isBusy) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Nothing under way and nothing in memory. */
  get isEmpty(): boolean {
    return !this.isBusy && this.#actors.size === 0;
  }

  get cachedActors(): number {
    return this.#actors.size;
  }

  *inMemory(): Iterable<readonly [string, Actor]> {
    for (const [stream, { actor }] of this.#actors) yield [stream, actor];
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
    return this.#actors.get(stream)?.actor ?? this.#load(stream);
  }

  /** Forgets actors that had nothing to do for `IDLE_MS`; the journal brings them back. */
  passivate(): void {
    const before = this.#host.clock.now() - IDLE_MS;
    for (const [stream, { usedAt }] of this.#actors) if (usedAt <= before) this.#actors.delete(stream);
  }

  #keep(stream: string, actor: Actor): void {
    this.#actors.set(stream, { actor, usedAt: this.#host.clock.now() });
  }

  async #load(stream: string): Promise<Actor> {
    const epoch = this.#epoch;
    const actor = await foldActor(this.#host.journal, this.#host.role.chartOf(stream), stream);
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
        try {
          await this.#handle(next);
        } catch (error) {
          this.#drop();
          this.#fail(next, error);
        }
      }
    } finally {
      this.#pumping = false;
      this.#rest();
    }
  }

  async #handle(queued: Queued): Promise<void> {
    const epoch = this.#epoch;
    const { work } = queued;
    const key = work.kind === 'message' ? messageKey(work.stream, work.message.messageId) : null;
    if (key !== null && work.kind === 'message') {
      if (this.#inFlightKeys.has(key)) return;
      if (await this.#host.journal.seen(key)) {
        this.#host.repeat(await this.#host.journal.answersTo(key));
        return;
      }
    }
    const draft = new Draft({ ...this.#stepHost, actor: (stream) => this.actor(stream) }, causeOf(work));
    const outcome = await this.#compute(work, draft);
    if (epoch !== this.#epoch) {
      this.#queue.unshift(queued);
      return;
    }
    if (outcome === 'nothing') return;
    for (const [stream, actor] of draft.actors()) this.#keep(stream, actor);
    this.#commit(queued, draft, outcome === 'keyed' ? key : null);
  }

  get #stepHost(): Omit<StepHost, 'actor'> {
    const { role, journal, clock, entropy, keyring } = this.#host;
    return { role, journal, clock, entropy, keyring };
  }

  /** `keyed`: the message is consumed, a repetition gets the stored answer. `open`: it may come again. */
  async #compute(work: Work, draft: Draft): Promise<'keyed' | 'open' | 'nothing'> {
    switch (work.kind) {
      case 'timer':
        return this.#computeTimer(work.row, draft);
      case 'command':
        return this.#computeCommand(work, draft);
      case 'message':
        return this.#computeMessage(work.message, work.stream, draft);
    }
  }

  async #computeTimer(row: TimerRow, draft: Draft): Promise<'open' | 'nothing'> {
    if (!this.#host.isArmed(row)) return 'nothing';
    draft.disarm(row.stream, row.name);
    const fact = { stream: row.stream, type: row.event.type, data: row.event.data };
    if (await draft.can(fact)) await draft.take(fact);
    return 'open';
  }

  async #computeCommand(work: Extract<Work, { readonly kind: 'command' }>, draft: Draft): Promise<'open' | 'nothing'> {
    for (const fact of await work.command(draft)) {
      if (!(await draft.can(fact))) {
        work.done('refused');
        return 'nothing';
      }
      await draft.take(fact);
    }
    if (!draft.isEmpty) return 'open';
    work.done('taken');
    return 'nothing';
  }

  async #computeMessage(message: Incoming, stream: string, draft: Draft): Promise<'keyed' | 'open' | 'nothing'> {
    const meaning = await this.#host.role.interpret(message, stream, draft);
    switch (meaning.kind) {
      case 'ignore':
        this.#host.warn('message ignored', { type: message.content.type, reason: meaning.reason });
        return 'nothing';
      case 'refuse':
        return this.#refuse(message, stream, meaning.code, draft);
      case 'notYet':
        for (const fact of meaning.meanwhile) if (await draft.can(fact)) await draft.take(fact);
        return draft.isEmpty ? 'nothing' : 'open';
      case 'facts': {
        if (!(await draft.can(meaning.primary)))
          return this.#refuse(message, stream, await this.#code(stream, draft), draft);
        await draft.take(meaning.primary);
        for (const fact of meaning.after ?? []) if (await draft.can(fact)) await draft.take(fact);
        return 'keyed';
      }
    }
  }

  async #code(stream: string, draft: Draft): Promise<ResponseCode> {
    const chart = this.#host.role.chartOf(stream);
    return chart.refusal(await draft.state(chart, stream));
  }

  async #refuse(message: Incoming, stream: string, code: ResponseCode, draft: Draft): Promise<'keyed' | 'nothing'> {
    const from = message.deviceId ?? message.gatewayId;
    const refusal: Refusal = { stream, message: message.content.type, from, code };
    if (this.#host.noteRefusal(refusal) === 'summed') {
      this.#host.notice(message, code);
      return 'nothing';
    }
    await draft.take(refusalFact(refusal, 1));
    const letter = this.#host.role.refusal(message, code);
    if (letter !== null) draft.answer(letter);
    return 'keyed';
  }

  #commit(queued: Queued, draft: Draft, key: string | null): void {
    this.#inFlight += 1;
    if (key !== null) this.#inFlightKeys.add(key);
    this.#host.journal
      .commit(draft.commit(key))
      .then((result) => {
        if (result.kind === 'conflict') this.#again(queued, result.stream);
        else {
          this.#host.release(draft, result);
          if (queued.work.kind === 'command') queued.work.done('taken');
        }
      })
      .catch((error: unknown) => {
        this.#drop();
        this.#fail(queued, error);
      })
      .finally(() => {
        this.#inFlight -= 1;
        if (key !== null) this.#inFlightKeys.delete(key);
        void this.#pump();
        this.#rest();
      });
  }

  /** Somebody else wrote the stream, or an earlier step of this unit failed: forget, and do the step again. */
  #again(queued: Queued, stream: string): void {
    this.#drop();
    if (queued.redo >= MAX_REDO) {
      this.#fail(queued, new Error(`The step was refused ${MAX_REDO} times over the version of ${stream}.`));
      return;
    }
    this.#queue = [...this.#queue, { ...queued, redo: queued.redo + 1 }].toSorted((a, b) => a.seq - b.seq);
  }

  #drop(): void {
    this.#epoch += 1;
    this.#actors.clear();
  }

  #fail(queued: Queued, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { work } = queued;
    this.#host.failed(work, error);
    if (work.kind === 'command') work.done(error);
    if (work.kind === 'message') this.#host.notice(work.message, 503);
  }
}

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

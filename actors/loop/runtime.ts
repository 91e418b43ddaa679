import { unitOf } from '../../machines/streams.ts';
import { JournalError, type CommitResult, type Journal, type StoredAnswer, type TimerRow } from '../../journal/port.ts';
import type { ResponseCode } from '../../events/codes.ts';
import type { Chart } from '../../machines/chart.ts';
import { EVERYTHING, type Keeps, type Share } from './share.ts';
import { foldActor, type Actor, type FoldedActor } from '../../fold/fold.ts';
import { IDLE_MS, LEFT_TO_OTHERS_MS, MAX_CACHED_ACTORS, TIMER_RETRY_MS } from './limits.ts';
import type { Role } from './role.ts';
import type { Clock } from '../../seams/clock.ts';
import type { Entropy } from '../../seams/entropy.ts';
import type { Log, LogFields } from '../../seams/log.ts';
import { SnapshotKeeper } from './snapshots.ts';
import { Warnings } from '../../seams/warnings.ts';
import type { Subscription, Wire } from '../../wire/port.ts';
import { Dispatcher } from './dispatcher.ts';
import { Publisher } from './publisher.ts';
import { refusalEvent, Refusals, type Refusal } from './refusals.ts';
import type { StepBuilder } from './step-builder.ts';
import type { Keyring } from './step/keys.ts';
import type { Outgoing } from './step/messages.ts';
import { Recovery } from './recovery.ts';
import { Timers } from './timers.ts';
import { PendingTasks } from './pending-tasks.ts';
import type { ExecutorHost } from './serial-executor.ts';
import { Executors } from './executors.ts';
import type { Command, Work } from './work.ts';
import type { ChartState } from '../../machines/state.ts';
import type { Incoming } from '../../messages/incoming.ts';

export interface RuntimeOptions {
  readonly role: Role;
  readonly journal: Journal;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly keyring: Keyring;
  /** Whether copies of committed events go out on `cpns.events.>`. */
  readonly observers: 'publish' | 'none';
  /** A snapshot of an actor is due at every so many events of its stream; default `SNAPSHOT_EVERY`. */
  readonly snapshotEvery?: number;
  /** What of the journal this process looks after; default: everything. */
  readonly share?: Share;
  /** Actors in memory at once; default `MAX_CACHED_ACTORS`. */
  readonly maxCachedActors?: number;
  /** Takes the data of the sessions; default: it is dropped. */
  readonly data?: (message: Incoming) => void;
  /** Ends what stands beside the loop, such as a meter: nothing comes in any more, and what it tells is still taken. */
  readonly beforeStop?: () => Promise<void>;
}

/** Counts since the start, and what is in memory now. */
export interface RuntimeStats {
  /** Steps that were committed. */
  readonly committed: number;
  readonly malformed: number;
  readonly dropped: number;
  readonly busy: number;
  /** Messages that were too many of one sender. */
  readonly limited: number;
  readonly repeated: number;
  readonly failedSteps: number;
  readonly units: number;
  readonly cachedActors: number;
  readonly timers: number;
}

/** One role in one process: brings messages, timers and commands to their units, and lets out what was committed. */
export class Runtime implements ExecutorHost {
  readonly role: Role;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly keyring: Keyring;
  readonly #wire: Wire;
  readonly #log: Log;
  readonly #observers: RuntimeOptions['observers'];
  readonly #share: Share;
  readonly #beforeStop: () => Promise<void>;
  readonly #warnings: Warnings;
  readonly #pending = new PendingTasks();
  /** Takes messages off the wire. */
  readonly dispatcher: Dispatcher;
  readonly #units: Executors;
  readonly #timers: Timers;
  readonly refusals: Refusals;
  readonly #publisher: Publisher;
  readonly #recovery: Recovery;
  readonly #snapshots: SnapshotKeeper;
  readonly #counts = { committed: 0, repeated: 0, failedSteps: 0 };
  #subscriptions: readonly Subscription[] = [];
  #cancelSweep: () => void = () => {};
  #state: 'new' | 'running' | 'stopping' = 'new';

  constructor(options: RuntimeOptions) {
    const { role, journal, wire, clock, entropy, log, keyring, share = EVERYTHING } = options;
    this.role = role;
    this.journal = journal;
    this.clock = clock;
    this.entropy = entropy;
    this.keyring = keyring;
    this.#wire = wire;
    this.#log = log;
    this.#observers = options.observers;
    this.#share = share;
    this.#beforeStop = options.beforeStop ?? (() => Promise.resolve());
    const warnings = new Warnings(clock, log);
    const pending = this.#pending;
    const timers = new Timers(clock, (row) => this.#fire(row));
    const publisher = new Publisher({ journal, wire, entropy, log, warnings, pending });
    this.#warnings = warnings;
    this.#timers = timers;
    this.#publisher = publisher;
    this.#recovery = new Recovery({ journal, clock, log, share, timers, publisher, pending });
    this.#units = new Executors(this, options.maxCachedActors ?? MAX_CACHED_ACTORS);
    this.#snapshots = new SnapshotKeeper(this, options.snapshotEvery);
    this.refusals = new Refusals(clock, (refusal, count) => {
      void this.tell(refusal.stream, () => [refusalEvent(refusal, count)]).catch(() => {});
    });
    this.dispatcher = new Dispatcher({
      role,
      wire,
      clock,
      warnings,
      publisher,
      data: options.data,
      enqueue: (stream, message) => this.#units.enqueue({ kind: 'message', stream, message }),
      refuse: (refusal) => this.#refuseUnasked(refusal),
    });
  }

  /** Takes up where the last process ended: timers are armed again, unanswered requests are sent again. */
  async start(): Promise<void> {
    this.#state = 'running';
    await this.#recovery.timers();
    if (this.#isStopping()) return;
    this.#subscriptions = this.role.subscriptions.map(({ pattern, queue }) =>
      this.#wire.subscribe(
        pattern,
        (delivery) => this.dispatcher.deliver(delivery),
        queue === undefined ? {} : { queue },
      ),
    );
    await this.#recovery.requests();
    if (!this.#isStopping()) this.#sweepLater();
  }

  /**
   * Others that share the journal came or went: what they may have changed is read again, and what they leave is taken up.
   * @throws JournalError
   */
  async takeUp(keeps: Keeps): Promise<void> {
    this.#units.forgetAllBut(keeps);
    if (this.#state === 'running') await this.#recovery.now();
  }

  /** Takes nothing new, finishes what is under way. Journal and wire stay open. */
  async stop(): Promise<void> {
    if (this.#share.giveUp !== undefined) await this.#share.giveUp();
    this.refusals.close();
    this.#state = 'stopping';
    this.#recovery.end();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.drain()));
    this.#warnings.close();
    this.#cancelSweep();
    await this.#beforeStop();
    await this.settled();
    // What was under way may have armed timers and opened sums of its own.
    this.refusals.close();
    await this.settled();
    await this.#snapshots.stop();
    this.#timers.stop();
  }

  /** Resolves when no step is under way. */
  async settled(): Promise<void> {
    while (this.#units.isBusy || this.#pending.size > 0)
      await Promise.all([this.#units.whenIdle(), this.#pending.all()]);
  }

  /**
   * Gives an actor a command of this process: no message, no answer.
   * @returns whether the chart took it
   * @throws JournalError when it could not be committed
   */
  tell(stream: string, command: Command, correlationId = this.entropy.id()): Promise<'taken' | 'refused'> {
    return new Promise((resolve, reject) => {
      const done = (result: 'taken' | 'refused' | Error) =>
        result instanceof Error ? reject(result) : resolve(result);
      const accepted = this.#units.enqueue({ kind: 'command', stream, command, correlationId, done });
      if (!accepted) reject(new Error(`The mailbox of ${unitOf(stream)} is full.`));
    });
  }

  /** State of an actor as committed. */
  async state<Context>(chart: Chart<string, Context>, stream: string): Promise<ChartState<Context>> {
    const { state } = await this.fold(chart, stream);
    if (!chart.owns(state)) throw new Error(`${stream} is no actor of chart ${chart.id}.`);
    return state;
  }

  /** @throws UnreadableEvent, UnfoldableEvent */
  async fold(chart: Chart, stream: string): Promise<FoldedActor> {
    const actor = await foldActor(this.journal, chart, stream);
    if (actor.ignored !== null) this.#sayIgnored(chart.id, stream, actor.ignored);
    this.#snapshots.folded(stream, actor);
    return actor;
  }

  /** After an upgrade it may be those of every actor: that is said once for each chart. */
  #sayIgnored(chart: string, stream: string, { version, fault }: NonNullable<FoldedActor['ignored']>): void {
    const isOlder = fault === 'otherChart' || fault === 'otherProgram';
    this.warn('snapshot ignored', { chart, reason: fault, ...(isOlder ? {} : { stream, version }) });
  }

  /** The actors in memory: each is the fold of its stream as far as its version, durable or about to be. */
  inMemory(): Iterable<readonly [string, Actor]> {
    return this.#units.inMemory();
  }

  get stats(): RuntimeStats {
    const { size: units, cachedActors } = this.#units;
    return { ...this.#counts, ...this.dispatcher.counts, units, cachedActors, timers: this.#timers.size };
  }

  // What a unit needs.

  release(step: StepBuilder, result: CommitResult): void {
    if (result.kind !== 'committed') {
      this.#counts.repeated += 1;
      return;
    }
    this.#counts.committed += 1;
    const { arm, disarm } = step.timers;
    for (const { stream, name } of disarm) this.#timers.disarm(stream, name);
    for (const row of arm) this.#timers.arm(row);
    this.#snapshots.committed(result.events, () => step.actors());
    // Observers first: on one connection they see this step before anything that its messages lead to.
    if (this.#observers === 'publish') this.#publisher.tellObservers(result.events);
    this.#publish(step.outgoing);
    for (const id of step.resend) this.#publisher.resendLater(id);
  }

  repeat(answers: readonly StoredAnswer[]): void {
    this.#counts.repeated += 1;
    this.#publish(answers);
  }

  #publish(messages: readonly Outgoing[]): void {
    for (const { subject, payload, messageId, correlationId } of messages)
      this.#wire.publish(subject, payload, { messageId, correlationId });
  }

  notice(message: Incoming, code: ResponseCode): void {
    this.#publisher.notice(message, code);
  }

  /** In this process and in the journal: another process may have been given the actor's messages meanwhile. */
  async isArmed(row: TimerRow): Promise<boolean> {
    if (!this.#timers.isArmed(row)) return false;
    const kept = await this.journal.timer(row.stream, row.name);
    if (kept?.dueAt === row.dueAt && kept.correlationId === row.correlationId) return true;
    if (!this.#timers.isArmed(row)) return false;
    if (kept === null) this.#timers.disarm(row.stream, row.name);
    else this.#timers.arm(kept);
    return false;
  }

  failed(work: Work, error: Error): void {
    this.#counts.failedSteps += 1;
    const remedy = 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : '';
    this.#log.error('step failed', { stream: work.stream, cause: work.kind, error: error.message, remedy });
    if (this.#state !== 'running') return;
    if (work.kind === 'timer' && this.#timers.isArmed(work.row)) this.#timers.arm(work.row, TIMER_RETRY_MS);
    if (error instanceof JournalError && error.fault === 'failed') this.#recovery.later();
  }

  warn(message: string, fields: LogFields): void {
    this.#warnings.say(message, fields);
  }

  /** Of a message that no actor was asked about: the first is an event, as with every refusal; the rest are summed. */
  #refuseUnasked(refusal: Refusal): 'first' | 'like' {
    const note = this.refusals.note(refusal);
    if (note === 'like') this.refusals.add(refusal);
    else this.tell(refusal.stream, () => [refusalEvent(refusal, 1)]).catch(() => this.refusals.takeBack(refusal));
    return note;
  }

  #fire(row: TimerRow): void {
    if (this.#state !== 'running') return;
    const waitedMs = this.clock.now() - row.dueAt;
    // Whoever looks after it should have fired it by then; if nobody did, somebody has to.
    if (waitedMs < LEFT_TO_OTHERS_MS && !this.#share.isMine(row.stream)) {
      this.#timers.arm(row, LEFT_TO_OTHERS_MS - waitedMs);
      return;
    }
    if (!this.#units.enqueue({ kind: 'timer', stream: row.stream, row })) this.#timers.arm(row, TIMER_RETRY_MS);
  }

  #sweepLater(): void {
    this.#cancelSweep = this.clock.after(IDLE_MS, () => {
      this.#units.passivate();
      // Another process may have died right after it committed what its successor had looked for.
      if (this.#share !== EVERYTHING) this.#recovery.beside();
      const { upkeep } = this.role;
      if (upkeep !== undefined) {
        this.tell(upkeep.stream, upkeep.look).catch((error: unknown) =>
          this.#log.warn('upkeep failed', { error: String(error) }),
        );
      }
      this.#sweepLater();
    });
  }

  #isStopping(): boolean {
    return this.#state === 'stopping';
  }
}

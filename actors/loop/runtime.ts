import type { ResponseCode } from '../../events/codes.ts';
import {
  JournalError,
  type CommitResult,
  type Journal,
  type OutboxRow,
  type RecordedEvent,
  type StoredAnswer,
  type TimerRow,
} from '../../events/journal/port.ts';
import type { Chart, ChartState } from '../../machines/chart.ts';
import { EVERYTHING, type Keeps, type Share } from '../cluster/share.ts';
import { foldActor, type Actor, type FoldedActor } from '../fold.ts';
import { IDLE_MS, LEFT_TO_OTHERS_MS, MAX_CACHED_ACTORS, TIMER_RETRY_MS } from '../limits.ts';
import { RateLimiter, type Overdraft } from './rate-limiter.ts';
import { Refusals } from './refusals.ts';
import type { Role } from '../role.ts';
import type { Clock } from '../seams/clock.ts';
import type { Entropy } from '../seams/entropy.ts';
import type { Log, LogFields } from '../seams/log.ts';
import { SnapshotKeeper } from '../snapshots.ts';
import type { Draft, Keyring, Outgoing } from './step.ts';
import { Timers } from './timers.ts';
import { Warnings } from '../warnings.ts';
import { refusalFact, Unit, type Command, type UnitHost, type Work } from './unit.ts';
import {
  decodeMessage,
  deviceOf,
  encodeMessage,
  messageIdOf,
  type Decoded,
  type Incoming,
  type Letter,
} from '../wire/messages.ts';
import type { Delivery, Subscription, Wire } from '../wire/port.ts';
import { eventsOf } from '../wire/subjects.ts';

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

const OUTBOX_PAGE = 1_000;

/** One role in one process: brings messages, timers and commands to their units, and lets out what was committed. */
export class Runtime implements UnitHost {
  readonly role: Role;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly keyring: Keyring;
  readonly #wire: Wire;
  readonly #log: Log;
  readonly #observers: RuntimeOptions['observers'];
  readonly #share: Share;
  readonly #data: (message: Incoming) => void;
  readonly #beforeStop: () => Promise<void>;
  /** The least recently used first. */
  readonly #units = new Map<string, Unit>();
  readonly #census = { count: 0 };
  readonly #maxCachedActors: number;
  readonly #timers: Timers;
  readonly #refusals: Refusals;
  readonly #limiter: RateLimiter;
  readonly #warnings: Warnings;
  readonly #snapshots: SnapshotKeeper;
  readonly #counts = { committed: 0, malformed: 0, dropped: 0, busy: 0, limited: 0, repeated: 0, failedSteps: 0 };
  #subscriptions: readonly Subscription[] = [];
  #cancelSweep: () => void = () => {};
  #cancelRecovery: (() => void) | null = null;
  readonly #resends = new Set<Promise<void>>();
  #state: 'new' | 'running' | 'stopping' = 'new';

  constructor(options: RuntimeOptions) {
    this.role = options.role;
    this.journal = options.journal;
    this.clock = options.clock;
    this.entropy = options.entropy;
    this.keyring = options.keyring;
    this.#wire = options.wire;
    this.#log = options.log;
    this.#observers = options.observers;
    this.#share = options.share ?? EVERYTHING;
    this.#data = options.data ?? ((message) => this.#drop(message, 'no channels here'));
    this.#beforeStop = options.beforeStop ?? (() => Promise.resolve());
    this.#maxCachedActors = options.maxCachedActors ?? MAX_CACHED_ACTORS;
    this.#timers = new Timers(options.clock, (row) => this.#fire(row));
    this.#limiter = new RateLimiter(options.clock);
    this.#warnings = new Warnings(options.clock, options.log);
    this.#snapshots = new SnapshotKeeper(this, options.snapshotEvery);
    this.#refusals = new Refusals(options.clock, (refusal, count) => {
      void this.tell(refusal.stream, () => [refusalFact(refusal, count)]).catch(() => {});
    });
  }

  /** Takes up where the last process ended: timers are armed again, unanswered requests are sent again. */
  async start(): Promise<void> {
    this.#state = 'running';
    await this.#armPending();
    if (this.#isStopping()) return;
    this.#subscriptions = this.role.subscriptions.map(({ pattern, queue }) =>
      this.#wire.subscribe(pattern, (delivery) => this.deliver(delivery), queue === undefined ? {} : { queue }),
    );
    await this.#resendOutbox();
    if (!this.#isStopping()) this.#sweepLater();
  }

  /**
   * Others that share the journal came or went: what they may have changed is read again, and what they leave is taken up.
   * @throws JournalError
   */
  async takeUp(keeps: Keeps): Promise<void> {
    for (const [id, unit] of this.#units) if (!keeps(id)) unit.forget();
    if (this.#state === 'running') await this.#takeUp();
  }

  /** Takes nothing new, finishes what is under way. Journal and wire stay open. */
  async stop(): Promise<void> {
    if (this.#share.giveUp !== undefined) await this.#share.giveUp();
    this.#refusals.close();
    this.#state = 'stopping';
    await Promise.all(this.#subscriptions.map((subscription) => subscription.drain()));
    this.#warnings.close();
    this.#cancelSweep();
    this.#cancelRecovery?.();
    await this.#beforeStop();
    await this.settled();
    // What was under way may have armed timers and opened sums of its own.
    this.#refusals.close();
    await this.settled();
    await this.#snapshots.stop();
    this.#timers.stop();
  }

  /** Resolves when no step is under way. */
  async settled(): Promise<void> {
    for (;;) {
      const busy = this.#busyUnits().map((unit) => unit.whenIdle());
      if (busy.length + this.#resends.size === 0) return;
      await Promise.all([...busy, ...this.#resends]);
    }
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
      const accepted = this.#enqueue({ kind: 'command', stream, command, correlationId, done });
      if (!accepted) reject(new Error(`The mailbox of ${this.role.unitOf(stream)} is full.`));
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
  *inMemory(): Iterable<readonly [string, Actor]> {
    for (const unit of this.#units.values()) yield* unit.inMemory();
  }

  get stats(): RuntimeStats {
    const { count: cachedActors } = this.#census;
    return { ...this.#counts, units: this.#units.size, cachedActors, timers: this.#timers.size };
  }

  /** Takes a message off the wire. */
  deliver(delivery: Delivery): void {
    const decoded = decodeMessage(delivery.subject, delivery.payload);
    if (decoded.kind === 'malformed') {
      this.#refuseMalformed(decoded);
      return;
    }
    const { message } = decoded;
    const overdrawn = this.#limiter.overdrawn(this.role.charges?.(message) ?? []);
    if (overdrawn !== null) {
      this.#refuseOverdrawn(message, overdrawn);
      return;
    }
    const route = this.role.route(message, delivery.payload);
    if (route.kind === 'relay') this.#wire.publish(route.subject, route.payload, message);
    else if (route.kind === 'data') this.#data(message);
    else if (route.kind === 'drop') this.#drop(message, route.reason);
    else if (!this.#enqueue({ kind: 'message', stream: route.stream, message })) {
      this.#counts.busy += 1;
      this.warn('mailbox full', { unit: this.role.unitOf(route.stream) });
      this.notice(message, this.role.busy);
    }
  }

  release(draft: Draft, result: CommitResult): void {
    if (result.kind !== 'committed') {
      this.#counts.repeated += 1;
      return;
    }
    this.#counts.committed += 1;
    for (const { stream, name } of draft.timers.disarm) this.#timers.disarm(stream, name);
    for (const row of draft.timers.arm) this.#timers.arm(row);
    this.#snapshots.committed(result.events, () => draft.actors());
    // Observers first: on one connection they see this step before anything that its messages lead to.
    if (this.#observers === 'publish') this.#tellObservers(result.events);
    for (const message of draft.outgoing) this.#publish(message);
    for (const id of draft.resend) this.#resendLater(id);
  }

  repeat(answers: readonly StoredAnswer[]): void {
    this.#counts.repeated += 1;
    for (const answer of answers) this.#publish(answer);
  }

  notice(message: Incoming, code: ResponseCode): void {
    const { leg } = message.content;
    const { gatewayId, messageId, correlationId } = message;
    const letter = this.role.notice({ leg, gatewayId, deviceId: deviceOf(message) }, code, messageId);
    if (letter !== null) this.#send(letter, correlationId);
  }

  noteRefusal(refusal: Parameters<Refusals['note']>[0]): 'first' | 'summed' {
    return this.#refusals.note(refusal);
  }

  takeBackRefusal(refusal: Parameters<Refusals['takeBack']>[0]): void {
    this.#refusals.takeBack(refusal);
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
    if (error instanceof JournalError && error.fault === 'failed') this.#recoverLater();
  }

  warn(message: string, fields: LogFields): void {
    this.#warnings.say(message, fields);
  }

  #busyUnits(): readonly Unit[] {
    return [...this.#units.values()].filter((unit) => unit.isBusy);
  }

  #enqueue(work: Work): boolean {
    if (this.#census.count > this.#maxCachedActors) this.#makeRoom();
    const id = this.role.unitOf(work.stream);
    const unit = this.#units.get(id) ?? new Unit(this, this.#census, () => this.#units.delete(id));
    this.#units.delete(id);
    this.#units.set(id, unit);
    return unit.enqueue(work);
  }

  /** A tenth of the actors leaves, so that it need not be done for each that comes. */
  #makeRoom(): void {
    const most = Math.floor(this.#maxCachedActors * 0.9);
    for (const [id, unit] of this.#units) {
      if (this.#census.count <= most) return;
      unit.evict(this.#census.count - most);
      if (unit.isEmpty) this.#units.delete(id);
    }
  }

  #fire(row: TimerRow): void {
    if (this.#state !== 'running') return;
    const waitedMs = this.clock.now() - row.dueAt;
    // Whoever looks after it should have fired it by then; if nobody did, somebody has to.
    if (waitedMs < LEFT_TO_OTHERS_MS && !this.#share.isMine(row.stream)) {
      this.#timers.arm(row, LEFT_TO_OTHERS_MS - waitedMs);
      return;
    }
    if (!this.#enqueue({ kind: 'timer', stream: row.stream, row })) this.#timers.arm(row, TIMER_RETRY_MS);
  }

  async #resendOutbox(): Promise<void> {
    let after = 0;
    for (;;) {
      const page = await this.journal.pendingOutbox({ after, limit: OUTBOX_PAGE });
      for (const row of page) if (this.#share.isMine(row.stream)) this.#publishRow(row);
      const last = page.at(-1);
      if (last === undefined || page.length < OUTBOX_PAGE) return;
      after = last.seq;
    }
  }

  /** The row as it is by then; none when its answer came meanwhile. A failure leaves it to the next attempt. */
  #resendLater(id: string): void {
    const resend = this.journal
      .outboxRow(id)
      .then((row) => {
        if (row !== null) this.#publishRow(row);
      })
      .catch((error: unknown) => this.#log.warn('not sent again', { outbox: id, error: String(error) }))
      .finally(() => this.#resends.delete(resend));
    this.#resends.add(resend);
  }

  /**
   * A commit that failed may be durable all the same (its disk did not say). Then its timers and requests are in the
   * journal and nowhere else: they are taken up as after a restart.
   */
  #recoverLater(): void {
    this.#cancelRecovery ??= this.clock.after(TIMER_RETRY_MS, () => {
      this.#cancelRecovery = null;
      this.#recover();
    });
  }

  #recover(): void {
    const recovery = this.#takeUp()
      .catch((error: unknown) => {
        this.#log.error('not recovered yet', { error: String(error) });
        if (!this.#isStopping()) this.#recoverLater();
      })
      .finally(() => this.#resends.delete(recovery));
    this.#resends.add(recovery);
  }

  async #takeUp(): Promise<void> {
    await this.#armPending();
    if (!this.#isStopping()) await this.#resendOutbox();
  }

  /** Arms what the journal has and this process has not. */
  async #armPending(): Promise<void> {
    const rows = await this.journal.pendingTimers({ limit: Number.MAX_SAFE_INTEGER });
    if (this.#isStopping()) return;
    for (const row of rows) {
      if (!this.#timers.has(row.stream, row.name) && this.#share.isMine(row.stream)) this.#timers.arm(row);
    }
  }

  #isStopping(): boolean {
    return this.#state === 'stopping';
  }

  #publishRow({ subject, payload, correlationId }: OutboxRow): void {
    this.#publish({ subject, payload, messageId: messageIdOf(payload), correlationId });
  }

  #publish({ subject, payload, messageId, correlationId }: Outgoing): void {
    this.#wire.publish(subject, payload, { messageId, correlationId });
  }

  #send(letter: Letter, correlationId: string): void {
    const messageId = this.entropy.id();
    const payload = encodeMessage(letter, messageId, correlationId);
    this.#publish({ subject: letter.subject, payload, messageId, correlationId });
  }

  #tellObservers(events: readonly RecordedEvent[]): void {
    try {
      for (const event of events) this.#wire.publish(eventsOf(event.meta.chart.id), JSON.stringify(event));
    } catch (error) {
      // An event may be larger than what the NATS server takes; the messages of its step leave all the same.
      this.warn('observers not told', { error: String(error) });
    }
  }

  /** Nothing is looked up or computed for it. The first one is an event, as with every refusal; the rest are summed. */
  #refuseOverdrawn(message: Incoming, { charge: { stream, from }, tell }: Overdraft): void {
    this.#counts.limited += 1;
    const refusal = { stream, message: message.content.type, from, code: 429 } as const;
    if (this.#refusals.note(refusal) === 'first') {
      this.warn('too many messages', { from, type: refusal.message });
      this.tell(stream, () => [refusalFact(refusal, 1)]).catch(() => this.#refusals.takeBack(refusal));
    }
    if (tell === 'now') this.notice(message, refusal.code);
  }

  #refuseMalformed(decoded: Extract<Decoded, { readonly kind: 'malformed' }>): void {
    this.#counts.malformed += 1;
    const { address, code, reason, messageId } = decoded;
    this.warn('malformed message', { code, reason, from: address?.deviceId ?? address?.gatewayId ?? null });
    if (address === null) return;
    const letter = this.role.notice(address, code, messageId);
    if (letter !== null) this.#send(letter, decoded.correlationId ?? this.entropy.id());
  }

  #drop(message: Incoming, reason: string): void {
    this.#counts.dropped += 1;
    this.warn('message dropped', { type: message.content.type, from: message.gatewayId, reason });
  }

  #sweepLater(): void {
    this.#cancelSweep = this.clock.after(IDLE_MS, () => {
      for (const [id, unit] of this.#units) {
        unit.passivate();
        if (unit.isEmpty) this.#units.delete(id);
      }
      // Another process may have died right after it committed what its successor had looked for.
      if (this.#share !== EVERYTHING) this.#recover();
      const { upkeep } = this.role;
      if (upkeep !== undefined) {
        this.tell(upkeep.stream, upkeep.look).catch((error: unknown) =>
          this.#log.warn('upkeep failed', { error: String(error) }),
        );
      }
      this.#sweepLater();
    });
  }
}

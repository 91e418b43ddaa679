import { chartOf } from '../../machines/streams.ts';
import { Line, type TimerRow } from '../../journal/port.ts';
import type { Chart } from '../../machines/chart.ts';
import type { Actor } from '../../fold/fold.ts';
import { IDLE_MS } from './limits.ts';
import type { Role } from './role.ts';
import type { Clock } from '../../seams/clock.ts';
import { ActorCache, type Census } from './actor-cache.ts';
import type { StepBuilder } from './step-builder.ts';
import { timerId } from './timers.ts';

export interface StatesHost {
  readonly role: Role;
  readonly clock: Clock;
  /** An actor as committed. */
  fold(chart: Chart, stream: string): Promise<Actor>;
  /** Whether this very arming was still in force when the last step became durable. */
  isArmed(row: TimerRow): boolean | Promise<boolean>;
}

/**
 * What a unit has in memory: its actors and timers as the steps under way leave them, ahead of the journal. When the journal
 * turns out to be another one, all of it is dropped.
 */
export class ActorStates {
  readonly #host: StatesHost;
  readonly #actors: ActorCache;
  /** Timers as steps under way leave them: armed with this row, or disarmed (null). */
  readonly #timers = new Map<string, TimerRow | null>();
  #pending = 0;
  #epoch = 0;
  #line = new Line();

  constructor(host: StatesHost, census: Census) {
    this.#host = host;
    this.#actors = new ActorCache(census);
  }

  /** How often it was dropped. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Of the steps that are computed on it. */
  get line(): Line {
    return this.#line;
  }

  get size(): number {
    return this.#actors.size;
  }

  entries(): Iterable<readonly [string, Actor]> {
    return this.#actors.entries();
  }

  actor(stream: string): Actor | Promise<Actor> {
    return this.#actors.get(stream) ?? this.#load(stream);
  }

  isArmed(row: TimerRow): boolean | Promise<boolean> {
    const ahead = this.#timers.get(timerId(row.stream, row.name));
    return ahead === undefined ? this.#host.isArmed(row) : ahead === row;
  }

  /** The next step is computed on what this one leaves, though it is not durable yet. */
  begin(step: StepBuilder): void {
    this.#pending += 1;
    for (const [stream, actor] of step.actors()) {
      this.#keep(stream, actor);
      this.#actors.begin(stream);
    }
    const { arm, disarm } = step.timers;
    for (const { stream, name } of disarm) this.#timers.set(timerId(stream, name), null);
    for (const row of arm) this.#timers.set(timerId(row.stream, row.name), row);
  }

  /** That step is under way no more, whatever became of it. */
  end(step: StepBuilder): void {
    this.#pending -= 1;
    for (const [stream] of step.actors()) this.#actors.settle(stream);
  }

  /** Once what came of the steps is settled, the timers are those of the process again. */
  rest(): void {
    if (this.#pending === 0) this.#timers.clear();
  }

  drop(): void {
    this.#epoch += 1;
    this.#line = new Line();
    this.#actors.clear();
    this.#timers.clear();
  }

  /** Forgets actors that had nothing to do for `IDLE_MS`; the journal brings them back. */
  passivate(): void {
    this.#actors.passivate(this.#host.clock.now() - IDLE_MS);
  }

  /** Forgets so many of the least recently used: there are too many in the process. */
  evict(count: number): void {
    this.#actors.evict(count);
  }

  async #load(stream: string): Promise<Actor> {
    const epoch = this.#epoch;
    const actor = await this.#host.fold(chartOf(stream), stream);
    if (epoch === this.#epoch) this.#keep(stream, actor);
    return actor;
  }

  #keep(stream: string, actor: Actor): void {
    this.#actors.keep(stream, actor, this.#host.clock.now());
  }
}

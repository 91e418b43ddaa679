import type { Clock } from '../seams/clock.ts';
import { systemClock } from '../seams/clock.ts';
import type { Log } from '../seams/log.ts';
import { MemoryWire } from './memory-wire.ts';
import type { AttachedWire, Draft, InFlight, Interest, MemoryHub } from './memory-hub.ts';
import type { Wire } from './port.ts';
import { matches } from './subject.ts';

/** What happens to a copy: it arrives, is lost, arrives twice, or waits in `inFlight` until a driver decides. */
export type Fate = 'deliver' | 'drop' | 'duplicate' | 'hold';

export interface MemoryNetworkOptions {
  /** Decides for each copy as it is sent. Default: everything is delivered; `() => 'hold'` leaves all to a driver. */
  readonly policy?: (message: InFlight) => Fate;
  readonly clock?: Clock;
  readonly log: Log;
}

/**
 * The simulated twin of NATS: one hub, any number of named wires, and a bag of messages under way. Deterministic: the same
 * calls give the same deliveries. Of a queue group the members take turns.
 */
export class MemoryNetwork implements MemoryHub {
  readonly clock: Clock;
  readonly log: Log;
  readonly #policy: (message: InFlight) => Fate;
  readonly #cut = new Set<string>();
  readonly #wires = new Set<AttachedWire>();
  readonly #turns = new Map<string, number>();
  #interests: readonly Interest[] = [];
  #bag: readonly { readonly message: InFlight; readonly interest: Interest }[] = [];
  #lastId = 0;
  #lastInbox = 0;

  constructor(options: MemoryNetworkOptions) {
    this.clock = options.clock ?? systemClock;
    this.log = options.log;
    this.#policy = options.policy ?? (() => 'deliver');
  }

  /** A wire of this network; `connecting` while its name is cut off. */
  connect(name: string): Wire {
    const wire = new MemoryWire(this, name, this.#cut.has(name) ? 'connecting' : 'connected');
    this.#wires.add(wire);
    return wire;
  }

  /** Held messages in the order in which they were sent. */
  get inFlight(): readonly InFlight[] {
    return this.#bag.map((entry) => entry.message);
  }

  /** Delivers a held message, at once. It is lost when its subscription is gone or cut off. @param index in `inFlight` */
  deliver(index: number): void {
    const entry = this.#take(index);
    this.#arrive(entry.interest, entry.message);
  }

  /** Loses a held message. @param index in `inFlight` */
  drop(index: number): void {
    this.#take(index);
  }

  /** Adds a second copy of a held message at the end of the bag. @param index in `inFlight` */
  duplicate(index: number): void {
    const entry = this.#bag[index];
    if (entry === undefined) throw new RangeError(`no message ${index} of ${this.#bag.length} in flight`);
    this.#bag = [...this.#bag, entry];
  }

  /** Cuts every wire of this name off the network. What it has sent is still under way; what comes for it is lost. */
  disconnect(name: string): void {
    this.#cut.add(name);
    for (const wire of this.#wires) if (wire.name === name) wire.turn('disconnected');
  }

  reconnect(name: string): void {
    this.#cut.delete(name);
    for (const wire of this.#wires) if (wire.name === name) wire.turn('connected');
  }

  send(draft: Draft): number {
    const chosen = this.#route(draft.subject);
    for (const interest of chosen) {
      const message = { ...draft, id: ++this.#lastId, target: interest.wire.name };
      this.#dispatch(this.#policy(message), { message, interest });
    }
    return chosen.length;
  }

  join(interest: Interest): void {
    this.#interests = [...this.#interests, interest];
  }

  leave(interest: Interest): void {
    this.#interests = this.#interests.filter((other) => other !== interest);
  }

  forget(wire: AttachedWire): void {
    this.#wires.delete(wire);
    this.#interests = this.#interests.filter((interest) => interest.wire !== wire);
  }

  inbox(): string {
    return `_INBOX.memory.${++this.#lastInbox}`;
  }

  #route(subject: string): readonly Interest[] {
    const concerned = this.#interests.filter(
      (interest) => interest.wire.status === 'connected' && matches(interest.pattern, subject),
    );
    const groups = Map.groupBy(concerned, (interest) =>
      interest.queue === null ? null : `${interest.queue} ${interest.pattern}`,
    );
    return [...groups].flatMap(([group, members]) => (group === null ? members : this.#nextOf(group, members)));
  }

  #nextOf(group: string, members: readonly Interest[]): readonly Interest[] {
    const turn = this.#turns.get(group) ?? 0;
    this.#turns.set(group, turn + 1);
    const member = members[turn % members.length];
    return member === undefined ? [] : [member];
  }

  #dispatch(fate: Fate, entry: { readonly message: InFlight; readonly interest: Interest }): void {
    if (fate === 'drop') return;
    if (fate === 'hold') {
      this.#bag = [...this.#bag, entry];
      return;
    }
    for (let copy = fate === 'duplicate' ? 2 : 1; copy > 0; copy--) {
      queueMicrotask(() => this.#arrive(entry.interest, entry.message));
    }
  }

  #take(index: number): { readonly message: InFlight; readonly interest: Interest } {
    const entry = this.#bag[index];
    if (entry === undefined) throw new RangeError(`no message ${index} of ${this.#bag.length} in flight`);
    this.#bag = this.#bag.toSpliced(index, 1);
    return entry;
  }

  #arrive(interest: Interest, message: InFlight): void {
    if (interest.wire.status === 'connected' && this.#interests.includes(interest)) interest.receive(message);
  }
}

export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new MemoryNetwork(options);
}

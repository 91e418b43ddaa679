import type { Leases } from '../../journal/leases.ts';
import type { Clock } from '../../seams/clock.ts';
import type { Entropy } from '../../seams/entropy.ts';
import type { Log } from '../../seams/log.ts';
import { describeError } from '../../wire/listeners.ts';
import type { Subscription, Wire } from '../../wire/port.ts';
import { LOOK_AT_THE_RING } from '../../messages/subjects.ts';
import { Ring } from './ring.ts';

/** A process that says nothing for so long has no share any more: the others take over what was its own. */
export const LEASE_MS = 3_000;

/** Four times before it runs out. It is also how soon a process learns of another that was killed: 3.75 s at most. */
export const RENEW_EVERY_MS = 750;

/** How far back `mineSince` knows. Longer than any message of a service may be under way (`FRESH_MS`, twice). */
const REMEMBER_MS = 300_000;

/** A ring with what it took from the one before. */
export interface RingChange {
  /** Whether this process is one of the ring still. */
  readonly standing: 'member' | 'left';
  /** Whether this process had the key before and has it still, without a gap. */
  keeps(key: string): boolean;
}

export interface MembershipSeams {
  readonly leases: Leases;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/**
 * This process among those that share one journal. What it believes of the others may be old, and they may believe something
 * else of it; keys may so have two owners for a moment, or none. Everybody lives with that: see `docs/servers.md`.
 */
export class Membership {
  /** Of this life of the process. */
  readonly id: string;
  readonly #seams: MembershipSeams;
  readonly #listeners: ((change: RingChange) => void)[] = [];
  readonly #history: { readonly at: number; readonly change: RingChange }[] = [];
  /** With this process, while it has its lease. */
  #ring = new Ring([]);
  #others = new Ring([]);
  /** By this process's own clock, from before it asked: it gives up no later than the others take over. */
  #untilMs = 0;
  #state: 'new' | 'joined' | 'left' = 'new';
  #looking: Promise<void> | null = null;
  #wanted: 'look' | 'nothing' = 'nothing';
  #cancel = (): void => {};
  #hints: Subscription | null = null;
  #fault = '';

  constructor(seams: MembershipSeams) {
    this.#seams = seams;
    this.id = seams.entropy.id();
  }

  get members(): readonly string[] {
    return this.#current.members;
  }

  /** Who looks after the key; this process where there is nobody else. */
  ownerOf(key: string): string {
    return this.#current.ownerOf(key) ?? this.id;
  }

  isMine(key: string): boolean {
    return this.ownerOf(key) === this.id;
  }

  /**
   * Whether this process may speak for the key: whoever does not look after it would be taken for the one that does. One
   * that has left finishes what is under way; its successor is heard before it.
   */
  maySpeakFor(key: string): boolean {
    return this.#state === 'left' || this.isMine(key);
  }

  /** Since when this process has had the key without a gap, as far as it knows; milliseconds since 1970 UTC. */
  mineSince(key: string): number {
    let since = this.#seams.clock.now();
    for (const { at, change } of this.#history.toReversed()) {
      since = at;
      if (!change.keeps(key)) break;
    }
    return since;
  }

  /** Calls back at each change, at once: what the others may have changed is to be forgotten before anything else. */
  onChange(listener: (change: RingChange) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes a lease and learns of the others. @throws JournalError */
  async join(): Promise<void> {
    const { wire } = this.#seams;
    this.#state = 'joined';
    this.#hints = wire.subscribe(LOOK_AT_THE_RING, () => void this.#lookSoon());
    await this.#look();
    this.#renewLater();
  }

  /** The others look at once, instead of within `RENEW_EVERY_MS`. */
  announce(): void {
    this.#seams.wire.publish(LOOK_AT_THE_RING, '');
  }

  /** From here on nothing is this process's own, unless there is nobody else; the others take over at once. */
  async leave(): Promise<void> {
    if (this.#state !== 'joined') return;
    const { leases, log, wire } = this.#seams;
    this.#state = 'left';
    this.#cancel();
    this.#hints?.unsubscribe();
    await this.#looking;
    this.#turn({ standing: 'left', keeps: () => false });
    try {
      await leases.giveBack(this.id);
      this.announce();
      log.info('left the ring', { servers: this.#others.members.length });
      if (wire.status === 'connected') await wire.flush();
    } catch (error) {
      log.warn('the lease runs out by itself', { error: describeError(error) });
    }
  }

  get #current(): Ring {
    const isOver = this.#state !== 'joined' || this.#seams.clock.now() >= this.#untilMs;
    return isOver ? this.#others : this.#ring;
  }

  #renewLater(): void {
    this.#cancel();
    this.#cancel = this.#seams.clock.after(RENEW_EVERY_MS, () => void this.#lookSoon());
  }

  /** Looks that overlap share the next one. */
  #lookSoon(): Promise<void> {
    this.#wanted = 'look';
    this.#looking ??= this.#lookOn().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #lookOn(): Promise<void> {
    while (this.#wanted === 'look' && this.#state === 'joined') {
      this.#wanted = 'nothing';
      try {
        await this.#look();
        this.#fault = '';
      } catch (error) {
        const fault = describeError(error);
        if (fault !== this.#fault) this.#seams.log.warn('the lease was not renewed', { error: fault });
        this.#fault = fault;
      }
    }
    if (this.#state === 'joined') this.#renewLater();
  }

  async #look(): Promise<void> {
    const { leases, clock, log } = this.#seams;
    const askedAt = clock.now();
    const { held, others } = await leases.renew(this.id, LEASE_MS);
    if (this.#state !== 'joined') return;
    const hasGap = !held || clock.now() >= this.#untilMs;
    this.#untilMs = askedAt + LEASE_MS;
    const [before, after] = [this.#ring, new Ring([...others, this.id])];
    if (!hasGap && before.members.join() === after.members.join()) return;
    this.#ring = after;
    this.#others = new Ring(others);
    const isFirst = before.members.length === 0;
    if (hasGap && !isFirst) log.warn('the lease had run out: taken anew', { id: this.id });
    const { length: servers } = after.members;
    log.info('the ring has changed', {
      id: this.id,
      servers,
      joined: missing(after, before),
      left: missing(before, after),
    });
    this.#turn({
      standing: 'member',
      keeps: (key) => !hasGap && before.ownerOf(key) === this.id && after.ownerOf(key) === this.id,
    });
  }

  #turn(change: RingChange): void {
    const at = this.#seams.clock.now();
    this.#history.push({ at, change });
    while ((this.#history[1]?.at ?? at) < at - REMEMBER_MS) this.#history.shift();
    for (const listener of this.#listeners) listener(change);
  }
}

const missing = ({ members }: Ring, from: Ring): string =>
  members.filter((member) => !from.members.includes(member)).join(' ');

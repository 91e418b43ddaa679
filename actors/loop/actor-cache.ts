import type { Actor } from '../../fold/fold.ts';

/** How many actors the units of a process have in memory together. */
export interface Census {
  count: number;
}

/** The actors of one unit that are in memory, the least recently used first. The journal brings back whoever left. */
export class ActorCache {
  readonly #census: Census;
  readonly #kept = new Map<string, { readonly actor: Actor; readonly usedAt: number }>();
  /** Steps under way by stream: until they are durable, memory is ahead of the journal. */
  readonly #ahead = new Map<string, number>();

  constructor(census: Census) {
    this.#census = census;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(stream: string): Actor | undefined {
    return this.#kept.get(stream)?.actor;
  }

  *entries(): Iterable<readonly [string, Actor]> {
    for (const [stream, { actor }] of this.#kept) yield [stream, actor];
  }

  /** An actor without events is not kept: whoever names actors that are not there shall not fill the memory. */
  keep(stream: string, actor: Actor, usedAt: number): void {
    if (actor.version === 0) return;
    if (!this.#kept.delete(stream)) this.#census.count += 1;
    this.#kept.set(stream, { actor, usedAt });
  }

  /** A step of the actor is under way, and stays so until it is settled. */
  begin(stream: string): void {
    this.#ahead.set(stream, (this.#ahead.get(stream) ?? 0) + 1);
  }

  settle(stream: string): void {
    const left = (this.#ahead.get(stream) ?? 0) - 1;
    if (left > 0) this.#ahead.set(stream, left);
    else this.#ahead.delete(stream);
  }

  /** Forgets whom nobody used since. */
  passivate(before: number): void {
    for (const [stream, { usedAt }] of this.#kept) {
      if (usedAt > before) return;
      if (!this.#ahead.has(stream)) this.#forget(stream);
    }
  }

  /** Forgets so many, as far as they may be forgotten. */
  evict(count: number): void {
    let left = count;
    for (const stream of this.#kept.keys()) {
      if (left <= 0) return;
      if (this.#ahead.has(stream)) continue;
      this.#forget(stream);
      left -= 1;
    }
  }

  clear(): void {
    this.#census.count -= this.#kept.size;
    this.#kept.clear();
  }

  #forget(stream: string): void {
    this.#kept.delete(stream);
    this.#census.count -= 1;
  }
}

import type { ResponseCode } from '../../../events/codes.ts';
import type { DataContent } from '../../../security/data-frame.ts';
import type { Clock } from '../../../seams/clock.ts';
import { MAX_CHUNKS, MAX_PARTIAL_BYTES, MAX_PARTIALS, PARTIAL_MS } from './limits.ts';
import { MAX_APPLICATION_BYTES } from '../../../messages/limits.ts';

export type Chunk = Extract<DataContent, { readonly kind: 'chunk' }>;

export type Reassembled =
  | { readonly kind: 'kept' }
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly code: ResponseCode };

/** Room for the partial messages of all sessions of a process. */
export class PartialBudget {
  #used = 0;

  /** @returns whether there was room */
  take(bytes: number): boolean {
    if (this.#used + bytes > MAX_PARTIAL_BYTES) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

interface Partial {
  readonly serviceId: string;
  readonly chunks: (Uint8Array | undefined)[];
  missing: number;
  bytes: number;
  cancel: () => void;
}

/** Puts the messages of one session together, whatever the order of their chunks. */
export class Reassembly {
  readonly #clock: Clock;
  readonly #budget: PartialBudget;
  readonly #partials = new Map<bigint, Partial>();

  constructor(clock: Clock, budget: PartialBudget) {
    this.#clock = clock;
    this.#budget = budget;
  }

  get isEmpty(): boolean {
    return this.#partials.size === 0;
  }

  add(serviceId: string, { messageNumber, index, count, bytes }: Chunk): Reassembled {
    if (count > MAX_CHUNKS) return { kind: 'refused', code: 400 };
    if (count === 1) return { kind: 'whole', bytes };
    const partial = this.#partials.get(messageNumber) ?? this.#begin(serviceId, messageNumber, count);
    if (partial === null) return { kind: 'refused', code: 429 };
    const isOfIt = partial.serviceId === serviceId && partial.chunks.length === count;
    if (!isOfIt || partial.chunks[index] !== undefined || partial.bytes + bytes.length > MAX_APPLICATION_BYTES) {
      this.#drop(messageNumber);
      return { kind: 'refused', code: 400 };
    }
    if (!this.#budget.take(bytes.length)) return { kind: 'refused', code: 429 };
    partial.chunks[index] = bytes;
    partial.bytes += bytes.length;
    partial.missing -= 1;
    if (partial.missing > 0) {
      this.#expireLater(messageNumber, partial);
      return { kind: 'kept' };
    }
    this.#drop(messageNumber);
    return { kind: 'whole', bytes: Buffer.concat(partial.chunks.filter((chunk) => chunk !== undefined)) };
  }

  end(): void {
    for (const messageNumber of this.#partials.keys()) this.#drop(messageNumber);
  }

  #begin(serviceId: string, messageNumber: bigint, count: number): Partial | null {
    if (this.#partials.size >= MAX_PARTIALS) return null;
    const chunks = Array.from<Uint8Array | undefined>({ length: count });
    const partial = { serviceId, chunks, missing: count, bytes: 0, cancel: () => {} };
    this.#partials.set(messageNumber, partial);
    this.#expireLater(messageNumber, partial);
    return partial;
  }

  #expireLater(messageNumber: bigint, partial: Partial): void {
    partial.cancel();
    partial.cancel = this.#clock.after(PARTIAL_MS, () => this.#drop(messageNumber));
  }

  #drop(messageNumber: bigint): void {
    const partial = this.#partials.get(messageNumber);
    if (partial === undefined) return;
    this.#partials.delete(messageNumber);
    partial.cancel();
    this.#budget.give(partial.bytes);
  }
}

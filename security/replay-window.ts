/**
 * Tells a frame that was seen before from a new one, on a wire that repeats and reorders: the sliding window of RFC 6479,
 * as WireGuard uses it. The number of a frame is 64 bits: the sender's start (24 bits) and a counter within it (40 bits),
 * so that it goes on growing over restarts without being written down for every frame.
 */
export interface FrameNumber {
  /** Counts the starts of the sender, 0 to 2^24 - 1. */
  readonly start: number;
  /** Counts the frames of that start, 0 to 2^40 - 1. */
  readonly counter: number;
}

export const MAX_START = 2 ** 24 - 1;
export const MAX_COUNTER = 2 ** 40 - 1;

/** How far behind the newest a frame may come: 2,048 less one block; the wire has at most some hundreds under way. */
export const WINDOW_FRAMES = 2_048;
const BLOCK_BITS = 32;
const BLOCKS = WINDOW_FRAMES / BLOCK_BITS;

export class ReplayWindow {
  #start = -1;
  #highest = -1;
  readonly #blocks = new Uint32Array(BLOCKS);

  /** @param after frames up to this one are old; null when none was ever accepted */
  constructor(after: FrameNumber | null = null) {
    if (after === null) return;
    this.#start = after.start;
    this.#highest = after.counter;
    this.#blocks.fill(0xffff_ffff);
    const used = (after.counter % BLOCK_BITS) + 1;
    if (used < BLOCK_BITS) this.#blocks[index(after.counter)] = (1 << used) - 1;
  }

  /** The newest frame that was accepted, or null. */
  get highest(): FrameNumber | null {
    return this.#start < 0 ? null : { start: this.#start, counter: this.#highest };
  }

  /** Whether the frame is neither seen nor too old. Asked before the frame is opened, which costs more. */
  isNew({ start, counter }: FrameNumber): boolean {
    if (start !== this.#start) return start > this.#start;
    if (counter > this.#highest) return true;
    // One block is being filled, so it cannot tell (RFC 6479, section 2).
    if (counter <= this.#highest - WINDOW_FRAMES + BLOCK_BITS) return false;
    return (this.#block(counter) & bit(counter)) === 0;
  }

  /** Notes a frame that was opened: only what the peer really sealed may move the window. */
  accept({ start, counter }: FrameNumber): void {
    if (start > this.#start) {
      this.#start = start;
      this.#highest = counter;
      this.#blocks.fill(0);
    } else if (counter > this.#highest) this.#advance(counter);
    this.#blocks[index(counter)] = this.#block(counter) | bit(counter);
  }

  #advance(counter: number): void {
    const from = Math.floor(this.#highest / BLOCK_BITS);
    const to = Math.floor(counter / BLOCK_BITS);
    if (to - from >= BLOCKS) this.#blocks.fill(0);
    else for (let block = from + 1; block <= to; block++) this.#blocks[block % BLOCKS] = 0;
    this.#highest = counter;
  }

  #block(counter: number): number {
    return this.#blocks[index(counter)] ?? 0;
  }
}

const index = (counter: number): number => Math.floor(counter / BLOCK_BITS) % BLOCKS;
const bit = (counter: number): number => 1 << (counter % BLOCK_BITS);

/** The number as the 64-bit counter that a frame is sealed under. */
export function frameCounter({ start, counter }: FrameNumber): bigint {
  return (BigInt(start) << 40n) | BigInt(counter);
}

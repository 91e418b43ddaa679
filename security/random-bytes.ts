/** Randomness comes in through this function only (the entropy seam); a test passes fixed bytes and gets a fixed answer. */
export type RandomBytes = (length: number) => Uint8Array;

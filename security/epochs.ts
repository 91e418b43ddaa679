/**
 * The keys of the data frames: one ratchet a direction. Each epoch has a chain key, from which its frame key and the chain
 * key of the next epoch come by HKDF-Expand (RFC 5869, section 2.3); once it is left, nothing leads back to it.
 */
import { cipherKey, type CipherKey } from './aead.ts';
import { concat, utf8 } from './bytes.ts';
import { hmacUnder } from './noise/hkdf.ts';

/** `up` is what the initiator of the handshake sends (the PNE), `down` what the responder sends (the CPNS Server). */
export type Direction = 'up' | 'down';

/** One step of a ratchet: secret until its epoch is claimed, and destroyed by that. */
export interface Chain {
  /** The next one that may be claimed, 0 to `MAX_EPOCH`; one more when all are used up. */
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** An epoch that is in use. */
export interface Epoch {
  readonly epoch: number;
  /** For the frames of this epoch; nothing writes it down. */
  readonly frameKey: CipherKey;
}

/** As many as the starts of the replay window have numbers (24 bits): one an hour lasts 1,900 years. */
export const MAX_EPOCH = 2 ** 24 - 1;

/** How far ahead of its own epoch a receiver looks: a forged number costs it 512 hashes (0.5 ms), and not 2^25. */
export const MAX_EPOCHS_AHEAD = 256;

const CHAIN_LABEL = utf8('CPNS data chain');
const FRAME_LABEL = utf8('CPNS data frame');
const NEXT_LABEL = utf8('CPNS data next');
const ONE = Uint8Array.of(1);
const DIRECTION_BYTES = { up: Uint8Array.of(1), down: Uint8Array.of(2) } as const;

/** @param dataRoot third output of Split, 32 bytes; to be forgotten once both chains are made */
export function firstChain(dataRoot: Uint8Array, direction: Direction): Chain {
  return { epoch: 0, key: expand(dataRoot, concat(CHAIN_LABEL, DIRECTION_BYTES[direction])) };
}

/**
 * Takes one epoch out of the chain; the epochs between are skipped for good.
 * @returns the epoch with its key and the chain behind it; null when the epoch was claimed before, or there is none so high
 */
export function claimEpoch(chain: Chain, epoch: number): { readonly claimed: Epoch; readonly rest: Chain } | null {
  if (!Number.isSafeInteger(epoch) || epoch < chain.epoch || epoch > MAX_EPOCH) return null;
  let { key } = chain;
  for (let at = chain.epoch; at < epoch; at++) key = expand(key, NEXT_LABEL);
  const claimed = { epoch, frameKey: cipherKey(expand(key, FRAME_LABEL)) };
  return { claimed, rest: { epoch: epoch + 1, key: expand(key, NEXT_LABEL) } };
}

/** HKDF-Expand with SHA-256 for 32 bytes: one block. A copy: hashes come out of node's shared pool. */
function expand(key: Uint8Array, info: Uint8Array): Uint8Array {
  return new Uint8Array(hmacUnder(key)(info, ONE));
}

import type { CorpusEntry } from './corpus.ts';
import type { Target } from './engine.ts';

/** A target and the inputs that it takes, made by the product itself. */
export interface SeededTarget extends Target {
  readonly seeds: readonly CorpusEntry[];
}

/** Holds that nothing but the genuine input is taken. */
export function onlyGenuine(input: Uint8Array, seeds: readonly CorpusEntry[]): string {
  if (seeds.some((seed) => Buffer.compare(seed.bytes, input) === 0)) return 'taken';
  throw new Error('A forged input was taken.');
}

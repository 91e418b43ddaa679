/**
 * Runs one target on inputs made out of a corpus. An input whose outcome was not seen before joins the pool that further ones
 * are made of, so that the run works its way into the decoder from refusal to refusal.
 */
import { performance } from 'node:perf_hooks';
import type { CorpusEntry } from './corpus.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

export interface Target {
  readonly name: string;
  readonly tokens: readonly (string | Uint8Array)[];
  /**
   * Feeds one input in. Names the outcome; those that begin with `taken` are acceptances.
   * @throws whatever must not happen
   */
  readonly run: (input: Uint8Array) => string;
}

/** A case that takes longer, three times in a row, is a defect: it is 100 times what the slowest genuine input takes. */
export const CASE_LIMIT_MS = 1_000;
const ATTEMPTS = 3;

export interface FuzzFailure {
  readonly input: Uint8Array;
  readonly reason: string;
}

export interface FuzzResult {
  readonly cases: number;
  readonly elapsedMs: number;
  readonly slowestMs: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failure: FuzzFailure | null;
}

export interface FuzzOptions {
  readonly target: Target;
  readonly corpus: readonly CorpusEntry[];
  readonly seed: string;
  /** Whichever is reached first. The corpus itself is always run whole. */
  readonly maxCases: number;
  readonly maxMs: number;
  readonly caseLimitMs?: number;
  /** Told before each case: whoever watches from outside then knows which one never ended. */
  readonly onCase?: (input: Uint8Array) => void;
}

const encoder = new TextEncoder();

export function fuzz(options: FuzzOptions): FuzzResult {
  const { target, corpus, seed, maxCases, maxMs, caseLimitMs = CASE_LIMIT_MS, onCase } = options;
  const random = new Random(`${seed}/${target.name}`);
  const pool = corpus.map(({ bytes }) => bytes);
  const tokens = target.tokens.map((token) => (typeof token === 'string' ? encoder.encode(token) : token));
  const outcomes = new Map<string, number>();
  const startMs = performance.now();
  let cases = 0;
  let slowestMs = 0;
  const ended = (failure: FuzzFailure | null): FuzzResult => {
    return { cases, elapsedMs: performance.now() - startMs, slowestMs, outcomes, failure };
  };

  for (const input of inputs()) {
    onCase?.(input);
    const outcome = runTimed(target, input, caseLimitMs);
    cases += 1;
    slowestMs = Math.max(slowestMs, outcome.tookMs);
    if (outcome.failure !== null) return ended({ input, reason: outcome.failure });
    const seen = outcomes.get(outcome.label) ?? 0;
    outcomes.set(outcome.label, seen + 1);
    if (seen === 0) pool.push(input);
  }
  return ended(null);

  function* inputs(): Generator<Uint8Array> {
    yield* corpus.map(({ bytes }) => bytes);
    if (pool.length === 0) pool.push(new Uint8Array(0));
    while (cases < maxCases && performance.now() - startMs < maxMs) yield mutate(random, { pool, tokens });
  }
}

interface TimedOutcome {
  readonly label: string;
  readonly tookMs: number;
  readonly failure: string | null;
}

/** A slow case is tried again: on a busy machine one may have waited for its turn. */
function runTimed(target: Target, input: Uint8Array, limitMs: number): TimedOutcome {
  let tookMs = Infinity;
  let label = '';
  for (let attempt = 0; attempt < ATTEMPTS && tookMs > limitMs; attempt++) {
    const startMs = performance.now();
    try {
      label = target.run(input);
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { label, tookMs: performance.now() - startMs, failure: reason };
    }
    tookMs = Math.min(tookMs, performance.now() - startMs);
  }
  const failure = tookMs > limitMs ? `took ${Math.round(tookMs)} ms, more than ${limitMs}` : null;
  return { label, tookMs, failure };
}

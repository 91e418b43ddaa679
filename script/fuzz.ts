/**
 * Feeds every decoder with inputs that are nearly right: `npm run fuzz -- --seconds N`. The seconds are shared by the targets.
 * The same seed makes the same inputs; an input that failed is kept in the corpus, and the exit code is 1.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { failedEntry, writeEntry } from './fuzz/corpus.ts';
import { writeSeeds } from './fuzz/seeds.ts';
import { targets } from './fuzz/targets.ts';
import { watch } from './fuzz/watch.ts';

const CORPUS = fileURLToPath(new URL('../test/fuzz-corpus', import.meta.url));
const WORKER = new URL('fuzz/worker.ts', import.meta.url);
const NAMES = targets().map(({ name }) => name);
const USAGE = `Usage: npm run fuzz -- [--seconds N] [--cases N] [--target NAME] [--seed TEXT] [--corpus DIR] [--renew]
  --seconds N    for all targets together (60)
  --cases N      per target, instead of a time
  --target NAME  one of: ${NAMES.join(', ')}
  --seed TEXT    the same seed makes the same inputs (drawn and printed)
  --corpus DIR   where inputs are kept (test/fuzz-corpus)
  --renew        writes the genuine inputs of the corpus again, and runs nothing`;

interface Options {
  readonly seconds: number;
  readonly maxCases: number;
  readonly names: readonly string[];
  readonly seed: string;
  readonly corpusRoot: string;
  readonly renew: boolean;
}

/** Null for wrong use. */
function optionsOf(args: readonly string[]): Options | null {
  const text = { type: 'string' } as const;
  const options = {
    seconds: text,
    cases: text,
    target: text,
    seed: text,
    corpus: text,
    renew: { type: 'boolean' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true });
    const cases = values.cases === undefined ? Infinity : Number(values.cases);
    const seconds = values.seconds === undefined ? (cases === Infinity ? 60 : Infinity) : Number(values.seconds);
    const names = values.target === undefined ? NAMES : NAMES.filter((name) => name === values.target);
    if (!(cases > 0) || !(seconds > 0) || names.length === 0) return null;
    const seed = values.seed ?? String(Date.now());
    const corpusRoot = values.corpus ?? CORPUS;
    return { seconds, maxCases: cases, names, seed, corpusRoot, renew: values.renew ?? false };
  } catch {
    return null;
  }
}

async function run({ seconds, maxCases, names, seed, corpusRoot }: Options): Promise<number> {
  console.log(`seed ${seed}`);
  let failures = 0;
  for (const target of names) {
    const maxMs = (seconds * 1_000) / names.length;
    const result = await watch(WORKER, { target, corpusRoot, seed, maxCases, maxMs });
    const { failure, cases } = result;
    if ('outcomes' in result) {
      const rate = Math.round((cases / result.elapsedMs) * 1_000);
      const taken = [...result.outcomes].reduce((sum, [label, n]) => sum + (/\btaken\b/.test(label) ? n : 0), 0);
      const columns = [`${cases} cases`, `${rate} cases/s`, `slowest ${result.slowestMs.toFixed(1)} ms`];
      console.log(`${target.padEnd(18)} ${columns.join(', ')}, ${result.outcomes.size} outcomes, ${taken} taken`);
    }
    if (failure === null) continue;
    failures += 1;
    const path = writeEntry(corpusRoot, target, failedEntry(failure.input));
    console.error(`${target}: FAILED at case ${cases}, kept as ${path}\n${failure.reason}`);
  }
  return failures === 0 ? 0 : 1;
}

function renew({ corpusRoot }: Options): number {
  for (const [target, seeds] of writeSeeds()) for (const seed of seeds) writeEntry(corpusRoot, target, seed);
  return 0;
}

const options = optionsOf(process.argv.slice(2));
if (options === null) console.error(USAGE);
process.exitCode = options === null ? 2 : options.renew ? renew(options) : await run(options);

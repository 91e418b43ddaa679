import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { readCorpus } from '../../script/fuzz/corpus.ts';
import { fuzz, type Target } from '../../script/fuzz/engine.ts';
import { targets } from '../../script/fuzz/targets.ts';
import { watch } from '../../script/fuzz/watch.ts';

const CORPUS = fileURLToPath(new URL('../fuzz-corpus', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../../script/fuzz.ts', import.meta.url));
const HANGING = new URL('fuzz-hanging.ts', import.meta.url);
const CASES = 120;
/** Three attempts at a case on a machine that does much else besides. */
const PATIENCE_MS = 4_000;
const GENUINE = /\btaken\b|^state accepted$|^wrongKeyUsage$/;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cpns-fuzz-'));
  folders.push(folder);
  return folder;
}

describe.each(targets())('the decoder of $name', (target) => {
  const corpus = readCorpus(CORPUS, target.name);
  const genuine = corpus.filter(({ name }) => !name.startsWith('failed-'));

  test('takes what the product wrote', () => {
    expect(genuine.length).toBeGreaterThan(0);
    for (const { bytes } of genuine) expect(target.run(bytes)).toMatch(GENUINE);
  });

  test('has its corpus as the product writes it today', () => {
    // Bytes are compared, not what they are kept in: a Buffer is a Uint8Array too.
    for (const { name, bytes } of target.seeds) {
      const kept = corpus.find((entry) => entry.name === name)?.bytes ?? [];
      expect([name, Uint8Array.from(kept)]).toEqual([name, Uint8Array.from(bytes)]);
    }
  });

  test(`gives a value for each of ${CASES} inputs that are nearly right, in time, and is not fooled`, () => {
    const options = { target, corpus, seed: 'test', maxCases: CASES, maxMs: Infinity, caseLimitMs: PATIENCE_MS };
    const { failure, cases, outcomes } = fuzz(options);
    expect(failure?.reason).toBeUndefined();
    expect(cases).toBe(CASES);
    expect(outcomes.size).toBeGreaterThan(1);
  });
});

describe('a run', () => {
  const inputsOf = (target: Target, seed: string): readonly string[] => {
    const inputs: string[] = [];
    const onCase = (input: Uint8Array): unknown => inputs.push(Buffer.from(input).toString('hex'));
    fuzz({ target, corpus: readCorpus(CORPUS, 'message'), seed, maxCases: 200, maxMs: Infinity, onCase });
    return inputs;
  };
  const target = (run: (input: Uint8Array) => string): Target => ({ name: 'planted', tokens: ['x'], run });

  test('makes the same inputs of the same seed, and others of another', () => {
    const some = target((input) => String(input.length % 7));
    expect(inputsOf(some, 'one')).toEqual(inputsOf(some, 'one'));
    expect(inputsOf(some, 'one')).not.toEqual(inputsOf(some, 'two'));
  });

  test('ends at an exception, with its input', () => {
    const planted = target((input) => {
      if (input.includes(0xff)) throw new Error('planted');
      return 'refused';
    });
    const corpus = [{ name: 'a', bytes: new Uint8Array(8) }];
    const { failure } = fuzz({ target: planted, corpus, seed: 'test', maxCases: 100_000, maxMs: Infinity });
    expect(failure?.input.includes(0xff)).toBe(true);
    expect(failure?.reason).toMatch(/planted/);
  });

  test('ends at a case that takes too long', () => {
    const planted = target(() => {
      const end = performance.now() + 5;
      while (performance.now() < end);
      return 'refused';
    });
    const options = { target: planted, corpus: [], seed: 'test', maxCases: 2, maxMs: Infinity };
    expect(fuzz({ ...options, caseLimitMs: 4 }).failure?.reason).toMatch(/more than 4/);
    expect(fuzz({ ...options, caseLimitMs: 4_000 }).failure).toBeNull();
  });

  test('ends at a case that never ends, with its input', async () => {
    const task = { target: 'hanging', corpusRoot: CORPUS, seed: 'test', maxCases: 10, maxMs: Infinity };
    const { failure } = await watch(HANGING, task, 500);
    expect(failure).toEqual({ input: Uint8Array.of(1, 2, 3), reason: 'no end within 500 ms' });
  });
});

describe('npm run fuzz', () => {
  const run = (...args: readonly string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });

  test('prints the seed and the cases a second of a target', () => {
    const { status, stdout } = run('--target', 'frame', '--cases', '50', '--seed', 'test');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^seed test\nframe +50 cases, \d+ cases\/s, slowest \d+\.\d ms, \d+ outcomes, \d+ taken\n$/);
  });

  test('writes the genuine inputs of its corpus, every target has some', () => {
    const corpus = temporaryFolder();
    expect(run('--renew', '--corpus', corpus).status).toBe(0);
    expect(readdirSync(corpus)).toEqual(
      targets()
        .map(({ name }) => name)
        .toSorted(),
    );
    for (const { name } of targets()) {
      for (const file of readdirSync(join(corpus, name))) {
        expect(readFileSync(join(corpus, name, file))).toEqual(readFileSync(join(CORPUS, name, file)));
      }
    }
  });

  test.each([['--target', 'nothing'], ['--cases', 'many'], ['--unknown'], ['--seconds', '0']])(
    'is told about wrong use: %s %s',
    (...args) => {
      const { status, stderr } = run(...args);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^Usage: npm run fuzz/);
    },
  );
});

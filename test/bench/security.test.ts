import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { frames } from '../../bench/security/frames.ts';
import { handshakes } from '../../bench/security/handshakes.ts';
import { concat } from '../../security/bytes.ts';
import { messages } from '../../bench/security/messages.ts';
import { assertEqualResults } from '../../bench/security/pair.ts';

const script = `${import.meta.dirname}/../../bench/run.ts`;

describe('npm run bench -- security', () => {
  test('runs through with --quick, and its last line is one JSON object with a figure for each pair', () => {
    const run = spawnSync(process.execPath, [script, 'security', '--quick'], { encoding: 'utf8' });
    expect(run.status).toBe(0);
    const said: { figures: { name: string; ours: number; floor: number; ratio: number }[] } = JSON.parse(
      run.stdout.trimEnd().split('\n').at(-1) ?? '',
    );
    expect(said.figures.map(({ name }) => name)).toEqual(
      [...handshakes(), ...frames(), ...messages()].map(({ name }) => name),
    );
    for (const { ours, floor, ratio } of said.figures) expect(Math.min(ours, floor, ratio)).toBeGreaterThan(0);
  });

  test('measures the same work on both sides: results are equal, and a floor that does another is told', () => {
    const pairs = [...handshakes(), ...frames(), ...messages()];
    for (const pair of pairs) {
      assertEqualResults(pair);
      const results = pair.floor();
      for (const index of results.keys()) {
        const changed = results.map((bytes, place) => (place === index ? concat(bytes, Uint8Array.of(0)) : bytes));
        expect(() => assertEqualResults({ ...pair, floor: () => changed })).toThrow(pair.name);
      }
    }
    expect(() => assertEqualResults({ name: 'nothing', ours: () => [], floor: () => [] })).toThrow('nothing');
  });
});

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const script = `${import.meta.dirname}/../../bench/run.ts`;

/** It stops before it measures a pair whose sides do not do the same work. */
test('npm run bench -- security runs through with --quick, and its last line is one JSON object with a figure for each pair', () => {
  const run = spawnSync(process.execPath, [script, 'security', '--quick'], { encoding: 'utf8' });
  expect(run.status).toBe(0);
  const said: { figures: { name: string; ours: number; floor: number; ratio: number }[] } = JSON.parse(
    run.stdout.trimEnd().split('\n').at(-1) ?? '',
  );
  const names = said.figures.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const kind of ['NNpsk0, initiator', 'IK, responder', 'frame', 'message'])
    expect(names.some((name) => name.includes(kind))).toBe(true);
  for (const { ours, floor, ratio } of said.figures) expect(Math.min(ours, floor, ratio)).toBeGreaterThan(0);
});

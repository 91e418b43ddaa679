import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const script = `${import.meta.dirname}/../../bench/run.ts`;

it.each([[[]], [['nonsense']], [['run']], [['../package']], [['journal', 'twice']]])(
  'lists the benchmarks and exits with 2 on %j',
  (args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Usage: npm run bench -- NAME\nNAME is one of: .*\bjournal\b/);
  },
);

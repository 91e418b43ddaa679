import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { z } from 'zod';

const script = `${import.meta.dirname}/../../bench/run.ts`;
const Summary = z.object({
  figures: z.array(z.object({ name: z.string(), against: z.string().nullable(), eventsPerMessage: z.number() })),
});

it('sends what is genuine and what is not, and fails unless each is answered as it should be', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'forged', '--quick'], { encoding: 'utf8' });
  expect(stderr).not.toMatch(/Error/);
  expect(status).toBe(0);
  const { figures } = Summary.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  const genuine = figures.filter(({ against }) => against === null);
  expect(genuine.map(({ name }) => name)).toEqual(['genuine, secret', 'genuine, certificate']);
  for (const { name, against, eventsPerMessage } of figures) {
    if (against !== null) expect(eventsPerMessage, name).toBeLessThan(1);
  }
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { openSqliteJournal, openSqliteReader } from '../../../journal/sqlite/open.ts';
import { useFolder } from './folder.ts';

const file = useFolder();

/** Lets a child commit on the file and kills it, as `kill -9` does, once it has acknowledged so many messages. */
async function killAfter(acknowledgements: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [`${import.meta.dirname}/child.ts`, 'commit', file()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: string[] = [];
  const ended = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(line);
    if (acknowledged.length === acknowledgements) child.kill('SIGKILL');
  }
  expect((await ended)[1]).toBe('SIGKILL');
  return acknowledged;
}

it.each([1, 50, 700])('keeps all that was acknowledged, once and gapless, when killed after %i messages', async (n) => {
  const acknowledged = await killAfter(n);
  expect(acknowledged.length).toBeGreaterThanOrEqual(n);

  const reader = await openSqliteReader(file());
  const recovered = await reader.head();
  await reader.close();
  const journal = await openSqliteJournal(file());
  expect(recovered).toBe(await journal.head());
  const head = await journal.head();
  const events = await journal.readAll({ limit: head + 1 });
  expect(events.map(({ position }) => position)).toEqual(Array.from({ length: head }, (_, i) => i + 1));

  for (let i = 0; i < 8; i++) {
    const stream = `actor-${i}`;
    const own = events.filter((event) => event.stream === stream);
    const whole = Array.from({ length: own.length / 2 }, (_, j) => [`E${j}`, `E${j}b`]).flat();
    expect(own.map(({ type }) => type)).toEqual(whole);
    expect(own.map(({ version }) => version)).toEqual(own.map((_, j) => j + 1));
    const steps = own.length / 2;
    expect(await journal.seen(`${stream}/${steps - 1}`)).toBe(steps > 0);
    expect(await journal.seen(`${stream}/${steps}`)).toBe(false);
    const pending = (await journal.pendingOutbox()).filter((row) => row.id.startsWith(`${stream}/`));
    expect(pending.map(({ id }) => id)).toEqual(steps === 0 ? [] : [`${stream}/${steps - 1}`]);
  }
  const seen = await Promise.all(acknowledged.map((key) => journal.seen(key)));
  expect(seen).not.toContain(false);
  await journal.close();
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteJournal } from '../../events/journal/sqlite/open.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { chartName } from '../../projections/chart-hash.ts';
import { FakeHost, temporaryFolder } from '../cli/fake-host.ts';
import { commitOf, eventOf, metaOf } from '../events/journal/controls.ts';

const CPNS = resolve(import.meta.dirname, '../../cli/cpns.mjs');
const EVENTS = 30_000;
const STREAMS = 60;
const refused = eventOf('MessageRefused', {
  data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
  meta: metaOf({ chart: chartName(charging) }),
});

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  folder = temporaryFolder();
  const journal = await openSqliteJournal(join(folder.path, 'server.sqlite'));
  for (let i = 0; i < STREAMS; i++) {
    const events = Array.from({ length: EVENTS / STREAMS }, () => refused);
    const stream = `charging/home/device-${i}`;
    await journal.commit(commitOf({ appends: [{ stream, expected: { kind: 'noStream' }, events }] }));
  }
  await journal.close();
});
afterEach(() => folder.remove());

const COMPACT = ['journal', 'compact', '--journal', 'server.sqlite', '--archive', 'one.jsonl', '--keep', '100'];

/** Runs the command and kills it, as `kill -9` does, unless it is done by then. */
async function killedAfter(ms: number): Promise<'killed' | 'done'> {
  const child = spawn(process.execPath, [CPNS, ...COMPACT], { cwd: folder.path, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const outcome = await Promise.race([ended, pause(ms)]);
  if (outcome === undefined) child.kill('SIGKILL');
  const [code] = await ended;
  return code === 0 ? 'done' : 'killed';
}

async function cpns(...argv: readonly string[]) {
  const host = new FakeHost(folder.path);
  return { code: await host.run(...argv), stdout: host.stdout, stderr: host.stderr };
}

test('killed at any moment it leaves all or what was to be, and is finished by running it again', async () => {
  const seen = new Set<string>();
  for (let ms = 200; ; ms += 90) {
    const outcome = await killedAfter(ms);
    const journal = await openSqliteJournal(join(folder.path, 'server.sqlite'));
    const archived = await journal.archived();
    const rows = await journal.db
      .selectFrom('events')
      .select(({ fn }) => fn.countAll().as('rows'))
      .executeTakeFirst();
    const bases = await journal.bases();
    expect(await journal.head()).toBe(EVENTS);
    await journal.close();
    seen.add(
      `${archived === null ? 'all' : 'compacted'}${existsSync(join(folder.path, 'one.jsonl')) ? ' archived' : ''}`,
    );
    if (archived === null) expect([Number(rows?.rows), bases.length]).toEqual([EVENTS, 0]);
    else expect([Number(rows?.rows), bases.length, archived.upTo]).toEqual([100, STREAMS, EVENTS - 100]);
    if (outcome === 'done') break;
  }
  expect(seen).toContain('compacted archived');
  const verified = await cpns('journal', 'verify', '--journal', 'server.sqlite', '--archive', 'one.jsonl');
  expect([verified.code, verified.stderr]).toEqual([0, '']);
  expect(verified.stdout).toContain(`${EVENTS} events`);
  expect(verified.stdout).toContain(`${STREAMS} bases, ${STREAMS} are what the archives fold to`);
}, 120_000);

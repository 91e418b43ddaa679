import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openJournal } from '../../cli/journal/open.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { chartName } from '../../fold/chart-hash.ts';
import { FakeHost, temporaryFolder } from '../cli/fake-host.ts';
import { commitOf, eventOf, metaOf } from '../journal/controls.ts';
import { eventually, useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';

const CPNS = resolve(import.meta.dirname, '../../cli/cpns.mjs');
const EVENTS = 30_000;
const STREAMS = 60;
const refused = eventOf('MessageRefused', {
  data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
  meta: metaOf({ chart: chartName(charging) }),
});

const database = useDatabase();
const STORES = [
  { name: 'SQLite', stepMs: 90, addressIn: async (folder: string) => join(folder, 'server.sqlite') },
  { name: 'PostgreSQL', stepMs: 240, addressIn: async () => (await database.url()).replace(`:${PASSWORD}`, '') },
] as const;

describe.each(STORES)('a compaction on $name', ({ addressIn, stepMs }) => {
  let folder: ReturnType<typeof temporaryFolder>;
  let address: string;
  beforeEach(async () => {
    vi.stubEnv('PGPASSWORD', PASSWORD);
    folder = temporaryFolder();
    address = await addressIn(folder.path);
    const journal = await openJournal(address);
    for (let i = 0; i < STREAMS; i++) {
      const events = Array.from({ length: EVENTS / STREAMS }, () => refused);
      const stream = `charging/home/device-${i}`;
      await journal.commit(commitOf({ appends: [{ stream, expected: { kind: 'noStream' }, events }] }));
    }
    await journal.close();
  });
  afterEach(() => {
    folder.remove();
    vi.unstubAllEnvs();
  });

  /** Runs the command and kills it, as `kill -9` does, unless it is done by then. */
  async function killedAfter(ms: number): Promise<'killed' | 'done'> {
    const compact = ['journal', 'compact', '--journal', address, '--archive', 'one.jsonl', '--keep', '100'];
    const child = spawn(process.execPath, [CPNS, ...compact], { cwd: folder.path, stdio: 'ignore' });
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

  /** What is there once the database has noticed that its client is gone. */
  async function found() {
    const journal = await opened();
    const archived = await journal.archived();
    const { rows } = await journal.db
      .selectFrom('events')
      .select(({ fn }) => fn.countAll().as('rows'))
      .executeTakeFirstOrThrow();
    const bases = await journal.bases();
    const head = await journal.head();
    await journal.close();
    return { archived: archived?.upTo ?? null, rows: Number(rows), bases: bases.length, head };
  }

  async function opened(): Promise<Awaited<ReturnType<typeof openJournal>>> {
    const journals: Awaited<ReturnType<typeof openJournal>>[] = [];
    await eventually(async () => void journals.push(await openJournal(address)));
    const [journal] = journals;
    if (journal === undefined) throw new Error('The journal does not open.');
    return journal;
  }

  test('killed at any moment it leaves all or what was to be, and is finished by running it again', async () => {
    const seen = new Set<string>();
    for (let ms = 200; ; ms += stepMs) {
      const outcome = await killedAfter(ms);
      const { archived, ...left } = await found();
      seen.add(
        `${archived === null ? 'all' : 'compacted'}${existsSync(join(folder.path, 'one.jsonl')) ? ' archived' : ''}`,
      );
      if (archived === null) expect(left).toEqual({ rows: EVENTS, bases: 0, head: EVENTS });
      else expect([left, archived]).toEqual([{ rows: 100, bases: STREAMS, head: EVENTS }, EVENTS - 100]);
      if (outcome === 'done') break;
    }
    expect(seen).toContain('all archived');
    expect(seen).toContain('compacted archived');
    const verified = await cpns('journal', 'verify', '--journal', address, '--archive', 'one.jsonl');
    expect([verified.code, verified.stderr]).toEqual([0, '']);
    expect(verified.stdout).toContain(`${EVENTS} events`);
    expect(verified.stdout).toContain(`${STREAMS} bases, ${STREAMS} are what the archives fold to`);
  }, 180_000);
});

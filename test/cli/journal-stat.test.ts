import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { signCheckpoint } from '../../actors/roles/journal/record/checkpoint.ts';
import { recordOpening } from '../../actors/roles/journal/record/opening.ts';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { processOn, signer } from '../actors/roles/journal/record/controls.ts';
import { any, appendTo, commitOf, outboxRow, timerRow } from '../journal/controls.ts';
import { useDatabase } from '../postgres/database.ts';
import { PASSWORD } from '../postgres/server.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

const database = useDatabase();
const folder = temporaryFolder();
afterAll(folder.remove);
beforeEach(() => void vi.stubEnv('PGPASSWORD', PASSWORD));
afterEach(() => vi.unstubAllEnvs());

/** Where the journal is, once it was opened twice, signed, and went on. */
async function journalOn(kind: 'SQLite' | 'PostgreSQL'): Promise<string> {
  const url = kind === 'SQLite' ? 'x.sqlite' : await database.url();
  const journal = kind === 'SQLite' ? await openSqliteJournal(join(folder.path, url)) : await openPostgresJournal(url);
  const process = processOn(journal);
  await recordOpening(process, journal.durability);
  await recordOpening(process, journal.durability);
  await journal.commit(appendTo('pn/home', any, 'A', 'B'));
  await signCheckpoint(process, signer);
  const due = timerRow('t', Date.parse('2030-01-02T03:04:05Z'));
  const timers = { arm: [due, timerRow('later', due.dueAt + 1)], disarm: [] };
  await journal.commit(commitOf({ outbox: { put: [outboxRow('m1'), outboxRow('m2')], settle: [] }, timers }));
  const answers = [{ messageKey: 'key', messageId: 'a', subject: 's', payload: '{}', correlationId: 'c' }];
  await journal.commit({ ...appendTo('pn/office', any, 'C'), messageKey: 'key', answers });
  await journal.close();
  return url.replace(`:${PASSWORD}`, '');
}

describe('cpns journal stat', () => {
  test.each(['SQLite', 'PostgreSQL'] as const)('tells what an operator asks of a journal on %s', async (kind) => {
    const journal = await journalOn(kind);
    const json = new FakeHost(folder.path);
    expect([await json.run('journal', 'stat', '--journal', journal, '--json'), json.stderr]).toEqual([0, '']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      events: 6,
      streams: 3,
      signedUpTo: 4,
      signedBy: 'cpns/example',
      signedAt: expect.stringMatching(/Z$/),
      unsigned: 1,
      taken: 1,
      answers: 1,
      outbox: 2,
      timers: 2,
      nextTimerAt: '2030-01-02T03:04:05.000Z',
      keys: 0,
      snapshots: 0,
      openings: 2,
      schema: expect.stringMatching(/^\d{4}-/),
      durability: { database: kind === 'SQLite' ? 'sqlite' : 'postgres' },
      warnings: [],
    });
    const { sizeBytes }: { readonly sizeBytes: number } = JSON.parse(json.stdout);
    expect(sizeBytes).toBeGreaterThan(50_000);
    expect(sizeBytes).toBeLessThan(5_000_000);

    const text = new FakeHost(folder.path);
    expect(await text.run('journal', 'stat', '--journal', journal)).toBe(0);
    expect(text.stdout).toMatch(/^events +6 in 3 streams$/m);
    expect(text.stdout).toMatch(/^signed +4 events by cpns\/example, .+Z; 1 since$/m);
    expect(text.stdout).toMatch(/^messages +1 were taken and are known again, with 1 answers$/m);
    expect(text.stdout).toMatch(/^timers +2, the next is due 2030-01-02T03:04:05\.000Z$/m);
    expect(text.stdout).toMatch(kind === 'SQLite' ? /^durability .*synchronous=2/m : /^durability .*fsync=on/m);
  });

  test('says so where nothing was signed or recorded yet', async () => {
    await (await openSqliteJournal(join(folder.path, 'empty.sqlite'))).close();
    const host = new FakeHost(folder.path);
    expect(await host.run('journal', 'stat', '--journal', 'empty.sqlite')).toBe(0);
    expect(host.stdout).toMatch(/^events +0 in 0 streams$/m);
    expect(host.stdout).toMatch(/^signed +no checkpoint$/m);
    expect(host.stdout).toMatch(/^opened +not recorded$/m);
  });
});

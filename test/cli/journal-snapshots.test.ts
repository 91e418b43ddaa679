import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foldActor } from '../../fold/fold.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { chartName } from '../../fold/chart-hash.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import { commitOf, eventOf, metaOf, noStream } from '../journal/controls.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

/** A journal of two streams of 300 events, a snapshot at every 100th, and what an operator does with them. */

const refused = eventOf('MessageRefused', {
  data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
  meta: metaOf({ chart: chartName(charging) }),
});

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  folder = temporaryFolder();
  const journal = await openSqliteJournal(join(folder.path, 'server.sqlite'));
  for (const stream of ['charging/home/cup', 'charging/home/lamp']) {
    const events = Array.from({ length: 300 }, () => refused);
    await journal.commit(commitOf({ appends: [{ stream, expected: noStream, events }] }));
    for (const version of [100, 200, 300]) {
      const { state, position } = await foldActor(journal, charging, stream, { version });
      await journal.keepSnapshots([snapshotOf(charging, { stream, version, position }, state)]);
    }
  }
  await journal.close();
});
afterEach(() => folder.remove());

async function cpns(...argv: readonly string[]): Promise<readonly [code: number, stdout: string]> {
  const host = new FakeHost(folder.path);
  return [await host.run('journal', ...argv, '--journal', 'server.sqlite'), host.stdout];
}

test('lists them, of one stream or all, and drops them', async () => {
  const [, all] = await cpns('snapshots', 'ls', '--json');
  const rows = all.trim().split('\n');
  expect(rows.length).toBe(6);
  expect(JSON.parse(rows[5] ?? '')).toMatchObject({ stream: 'charging/home/lamp', version: 300, position: 600 });
  const [code, text] = await cpns('snapshots', 'ls', '--stream', 'charging/home/cup');
  expect([code, text.trim().split('\n').length]).toEqual([0, 3]);
  expect(await cpns('snapshots', 'drop', '--stream', 'charging/home/cup')).toEqual([0, '3 snapshots dropped\n']);
  expect(await cpns('snapshots', 'drop', '--json')).toEqual([0, '{"dropped":3}\n']);
  expect(await cpns('snapshots', 'ls')).toEqual([0, '']);
});

test('finds out by folding which of them are right', async () => {
  const [code, text] = await cpns('verify', '--snapshots');
  expect(code).toBe(0);
  expect(text).toContain('6 snapshots, 6 are what their streams fold to');
  const database = new DatabaseSync(join(folder.path, 'server.sqlite'));
  database.exec(`update snapshots set state = replace(state, '"refusals":200', '"refusals":7') where version = 200`);
  database.exec(`update snapshots set program = 'earlier' where version = 300`);
  database.close();
  const [failed, json] = await cpns('verify', '--snapshots', '--json');
  expect(failed).toBe(1);
  const { snapshots } = JSON.parse(json.trim().split('\n').at(-1) ?? '');
  expect(snapshots).toMatchObject({ snapshots: 6, right: 2, sound: false });
  expect(snapshots.others).toContainEqual({ stream: 'charging/home/cup', version: 200, verdict: 'damaged' });
  expect(snapshots.others).toContainEqual({ stream: 'charging/home/lamp', version: 300, verdict: 'otherProgram' });
});

import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { registration } from '../../machines/cpns-server/registration.ts';
import { chartName } from '../../fold/chart-hash.ts';
import { RecordedLog } from '../../seams/log.ts';
import { noticeCharts } from '../../cli/journal/charts.ts';
import { commitOf, eventOf, metaOf, noStream } from '../journal/controls.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const refused = (chart: { readonly id: string; readonly hash: string }) =>
  eventOf('MessageRefused', {
    data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
    meta: metaOf({ chart }),
  });
const closed = eventOf('SessionCloseReceived', {
  data: { keyId: 'AAAAAAAAAAAAAAAAAAAAAA' },
  meta: metaOf({ chart: { id: registration.id, hash: 'of an earlier program' } }),
});

async function journalOf(streams: Readonly<Record<string, ReturnType<typeof eventOf>>>): Promise<RecordedLog> {
  const journal = await openSqliteJournal(join(folder.path, 'server.sqlite'));
  for (const [stream, event] of Object.entries(streams))
    await journal.commit(commitOf({ appends: [{ stream, expected: noStream, events: [event] }] }));
  const log = new RecordedLog();
  await noticeCharts(journal, log).finally(() => journal.close());
  return log;
}

async function charts(...argv: readonly string[]) {
  const host = new FakeHost(folder.path);
  return { code: await host.run('journal', 'charts', '--journal', 'server.sqlite', ...argv), stdout: host.stdout };
}

test('every stream folds where no chart has changed, and a role starts without a word', async () => {
  const log = await journalOf({ 'charging/home/lamp': refused(chartName(charging)) });
  expect(log.lines).toEqual([]);
  const { code, stdout } = await charts();
  expect(code).toBe(0);
  expect(stdout).toContain('as in this program\nevery stream folds');
});

test('a chart that changed is said at the start of its role, and the streams that no longer fold are listed', async () => {
  const log = await journalOf({
    'charging/home/lamp': refused({ id: charging.id, hash: 'of an earlier program' }),
    'registration/home/lamp': closed,
  });
  expect(log.lines.map(({ level, fields }) => [level, fields['chart']])).toEqual([
    ['warn', charging.id],
    ['warn', registration.id],
  ]);
  const { code, stdout } = await charts();
  expect(code).toBe(1);
  expect(stdout).toContain('registration/home/lamp no longer folds: position 2, version 1, SessionCloseReceived');
  expect(stdout).toContain(
    'state before it: {"registration":{"idle":"unregistered"},"session":"none"}; possible there: ',
  );
  expect(stdout).toContain('1 streams no longer fold');
  const json = JSON.parse((await charts('--json')).stdout);
  expect(json).toMatchObject({ count: 1, unfoldable: [{ position: 2, fate: 'changed', kind: 'impossible' }] });
  expect(json.charts).toContainEqual({
    id: charging.id,
    hash: 'of an earlier program',
    firstPosition: 1,
    fate: 'changed',
    events: 1,
  });
});

test('a journal of a chart that this program does not have is refused by its role, with the event that names it', async () => {
  const unknown = { id: 'cpns-server/approval', hash: 'of a later program' };
  await expect(journalOf({ 'approval/home': refused(unknown) })).rejects.toThrow(
    'events of the chart cpns-server/approval, from position 1 on',
  );
  const { code, stdout } = await charts();
  expect(code).toBe(1);
  expect(stdout).toContain('UNKNOWN to this program');
});

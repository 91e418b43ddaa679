import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../seams/clock.ts';
import { RecordedLog } from '../../seams/log.ts';
import { MemoryNetwork } from '../../wire/memory.ts';
import { ChargingRow } from '../../messages/queries.ts';
import { answerCharging } from '../../cli/charging/answer.ts';
import { askCharging } from '../../cli/charging/ask.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { MemoryChargingStore } from '../../projections/charging/memory.ts';
import { ChargingProjection } from '../../projections/charging/projection.ts';
import { append, closed, counted, KEYS, opened, reported, sum } from '../projections/charging-controls.ts';
import { cpnsIdOf } from '../projections/controls.ts';
import { FakeHost, temporaryFolder } from './fake-host.ts';
import { CHARGING_QUERY } from '../../messages/subjects.ts';

const folder = temporaryFolder();
const file = join(folder.path, 'server.sqlite');
afterAll(folder.remove);

/** The lamp's first session is long over and its PN GW reported one message too few; its second one stands. */
beforeAll(async () => {
  const journal = await openSqliteJournal(file);
  await append(
    journal,
    'registration/home/lamp',
    opened(KEYS[0], cpnsIdOf('lamp')),
    closed(KEYS[0], '2026-01-01T00:00:00.000Z'),
    opened(KEYS[1], cpnsIdOf('lamp')),
  );
  await append(
    journal,
    'charging/home/lamp',
    counted(sum(), sum({ direction: 'down', messages: 1, bytes: 30 }), sum({ keyId: KEYS[1] })),
    reported(sum({ messages: 2, bytes: 60 }), sum({ direction: 'down', messages: 1, bytes: 30 })),
  );
  await append(journal, 'charging/office/tag', counted(sum()), reported(sum()));
  await journal.close();
});

async function charging(...flags: readonly string[]) {
  const host = new FakeHost(folder.path);
  const code = await host.run('charging', ...flags);
  return { code, stdout: host.stdout, stderr: host.stderr };
}

describe('cpns charging of a journal', () => {
  test('prints both counts of each record and marks what differs for good', async () => {
    const { code, stdout, stderr } = await charging('--journal', file, '--pn', 'home');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        `PN home, lamp, ${cpnsIdOf('lamp')}`,
        '  service  session                 direction  server       gateway      difference       standing',
        `  echo     ${KEYS[0]}  down       1 msg, 30 B  1 msg, 30 B  -                settled`,
        `  echo     ${KEYS[0]}  up         3 msg, 90 B  2 msg, 60 B  ! -1 msg, -30 B  settled`,
        `  echo     ${KEYS[1]}  up         3 msg, 90 B  0 msg, 0 B   -3 msg, -90 B    open`,
        '',
        '3 records, 2 settled, 1 of these with a difference',
        '',
      ].join('\n'),
    );
  });

  test('prints JSON lines, of one PNE where that is asked for', async () => {
    const { stdout } = await charging('--journal', file, '--json', '--device', 'tag');
    const [row, ...more] = stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => ChargingRow.parse(JSON.parse(line)));
    expect(more).toEqual([]);
    expect(row).toMatchObject({ pnId: 'office', deviceId: 'tag', session: 'unknown', standing: 'settled' });
  });

  test('says so when nothing was used', async () => {
    expect(await charging('--journal', file, '--device', 'nobody')).toEqual({
      code: 0,
      stdout: 'no usage\n',
      stderr: '',
    });
  });

  test('with --check ends with 1 when a settled record differs, and with 0 when none does', async () => {
    expect((await charging('--journal', file, '--check')).code).toBe(1);
    expect((await charging('--journal', file, '--check', '--pn', 'office')).code).toBe(0);
    expect((await charging('--journal', file)).code).toBe(0);
  });

  test('can be asked for while the server writes the journal', async () => {
    const journal = await openSqliteJournal(file);
    expect((await charging('--journal', file)).code).toBe(0);
    await journal.close();
  });

  test('refuses a journal that is not there', async () => {
    expect(await charging('--journal', 'no.sqlite')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`There is no journal ${join(folder.path, 'no.sqlite')}. Check the path; a role`),
    });
  });
});

describe('cpns charging of a running server', () => {
  async function running(devices: number) {
    const [clock, log, journal] = [new SimulatedClock(), new RecordedLog(), new MemoryJournal()];
    const network = new MemoryNetwork({ log, clock });
    for (let i = 0; i < devices; i++) await append(journal, `charging/home/d${i}`, counted(sum()));
    const wire = network.connect('server');
    answerCharging(wire, new ChargingProjection(journal, new MemoryChargingStore()), clock, log);
    return network.connect('client');
  }
  const NOBODY = { pnId: null, deviceId: null };

  test.each([
    [0, 1],
    [64, 1],
    [65, 2],
    [150, 3],
  ])('gives %i records in %i answers', async (devices, answers) => {
    const wire = await running(devices);
    const pages: (readonly ChargingRow[])[] = [];
    for await (const page of askCharging(wire, NOBODY)) pages.push(page);
    expect(pages).toHaveLength(answers);
    const asked = pages.flat().map(({ deviceId }) => deviceId);
    expect(asked).toEqual(Array.from({ length: devices }, (_, i) => `d${i}`).toSorted());
  });

  test('refuses a question that it does not understand', async () => {
    const wire = await running(1);
    const reply = await wire.request(CHARGING_QUERY, '{"pnId":7}', { timeoutMs: 60_000 });
    expect(JSON.parse(new TextDecoder().decode(reply))).toEqual({ code: 400, reason: 'malformed' });
  });
});

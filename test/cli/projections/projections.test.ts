import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openPostgresJournal } from '../../../journal/postgres/open.ts';
import type { NewEvent } from '../../../journal/port.ts';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import { ChargingProjection } from '../../../projections/charging/projection.ts';
import { openChargingStore } from '../../../projections/charging/sql.ts';
import { Engine } from '../../../projections/engine.ts';
import { InventoryProjection } from '../../../projections/projection.ts';
import { openInventoryStore } from '../../../projections/sql.ts';
import type { Connections } from '../../../projections/sql-store.ts';
import type { Journal } from '../../../journal/port.ts';
import { eventOf, metaOf } from '../../journal/controls.ts';
import { useDatabase } from '../../postgres/database.ts';
import { PASSWORD } from '../../postgres/server.ts';
import { append, counted, sum } from '../../projections/charging-controls.ts';
import { inventoryEvent } from '../../projections/controls.ts';
import { FakeHost, temporaryFolder } from '../fake-host.ts';

const database = useDatabase();
const folder = temporaryFolder();
afterAll(folder.remove);
beforeAll(() => vi.stubEnv('PGPASSWORD', PASSWORD));
afterAll(() => vi.unstubAllEnvs());

type Open = Journal & Connections;

/** Where the journal is, as one names it, and how its role opens it and a stranger changes it. */
interface Place {
  readonly name: string;
  readonly open: () => Promise<Open>;
  readonly execute: (sql: string) => Promise<void>;
}
let files = 0;
const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  SQLite: async () => {
    const name = join(folder.path, `journal-${++files}.sqlite`);
    return {
      name,
      open: () => openSqliteJournal(name),
      execute: async (sql) => {
        const db = new DatabaseSync(name);
        db.exec(sql);
        db.close();
      },
    };
  },
  PostgreSQL: async () => {
    const full = await database.url();
    const schema = /search_path%3D(\w+)/.exec(full)?.[1] ?? '';
    return {
      name: full.replace(`:${PASSWORD}`, ''),
      open: () => openPostgresJournal(full, 'alone'),
      execute: async (sql) => void (await database.query(`set search_path to ${schema}; ${sql}`)),
    };
  },
};

async function cpns(...argv: readonly string[]) {
  const host = new FakeHost(folder.path);
  const code = await host.run('projections', ...argv);
  return { code, stdout: host.stdout, stderr: host.stderr };
}
const jsonOf = (stdout: string): readonly unknown[] =>
  stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

async function projectionsOf(journal: Open) {
  const inventory = new InventoryProjection(journal, await openInventoryStore(journal));
  const charging = new ChargingProjection(journal, await openChargingStore(journal));
  return new Engine(journal, [inventory, charging], () => undefined);
}

const added = (revision: number): NewEvent =>
  inventoryEvent('home', revision, [{ deviceId: `d${revision}`, kind: 'added' }]);
const MALFORMED = eventOf('UsageRecorded', { data: { usage: 'much' } });

describe.each(Object.entries(PLACES))('cpns projections on %s', (_, place) => {
  let at: Place;
  beforeEach(async () => {
    at = await place();
  });
  const running: Open[] = [];
  afterEach(async () => {
    for (const journal of running.splice(0)) await journal.close();
  });
  async function open(): Promise<Open> {
    const journal = await at.open();
    running.push(journal);
    return journal;
  }
  const close = async (): Promise<void> => running.pop()?.close();

  test('ls tells how far each is, beside its role', async () => {
    const journal = await open();
    await append(journal, 'pn/home', added(0), added(1));
    const before = await cpns('ls', '--journal', at.name, '--json');
    expect(before.code).toBe(0);
    expect(jsonOf(before.stdout)).toMatchObject([
      { name: 'pn-inventory', checkpoint: 0, head: 2, lag: 2, state: 'absent' },
      { name: 'charging', checkpoint: 0, head: 2, lag: 2, state: 'absent' },
    ]);
    const engine = await projectionsOf(journal);
    await engine.catchUp();
    await append(journal, 'pn/home', added(2));
    const { code, stdout } = await cpns('ls', '--journal', at.name);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'name          checkpoint  head  lag  state',
        'pn-inventory  2           3     1    running',
        'charging      2           3     1    running',
        '',
      ].join('\n'),
    );
  });

  test('ls names the event that stopped one; the other goes on, and both do once the event can be applied', async () => {
    const journal = await open();
    await append(journal, 'charging/home/lamp', counted(sum()), MALFORMED);
    await append(journal, 'pn/home', added(0));
    await (await projectionsOf(journal)).catchUp();
    const { code, stdout } = await cpns('ls', '--journal', at.name);
    expect(code).toBe(1);
    expect(stdout).toMatch(/pn-inventory +3 +3 +0 +running/);
    expect(stdout).toMatch(/charging +1 +3 +2 +stopped: .*event 2 \(UsageRecorded in charging\/home\/lamp\)/);
    const [, stopped] = jsonOf((await cpns('ls', '--journal', at.name, '--json')).stdout);
    expect(stopped).toMatchObject({ stopped: { event: { position: 2, stream: 'charging/home/lamp' } } });

    await close();
    const rebuilt = await cpns('rebuild', '--journal', at.name);
    expect(rebuilt.code).toBe(1);
    expect(rebuilt.stdout).toMatch(/^pn-inventory: 3 events, \d+\/s\ncharging: event 2 /);
    await at.execute(`update events set type = 'Other' where position = 2`);
    await (await projectionsOf(await open())).catchUp();
    expect((await cpns('ls', '--journal', at.name)).code).toBe(0);
  });

  test('verify finds the rows that the events say, and names each that is otherwise', async () => {
    const journal = await open();
    await append(journal, 'pn/home', added(0), added(1), added(2));
    await append(journal, 'charging/home/lamp', counted(sum()));
    await (await projectionsOf(journal)).catchUp();
    await append(journal, 'pn/home', added(3));
    const right = await cpns('verify', '--journal', at.name);
    expect(right).toEqual({
      code: 0,
      stdout: [
        'pn-inventory: as the first 4 events say, row by row (4)',
        'charging: as the first 4 events say, row by row (1)',
        '',
      ].join('\n'),
      stderr: '',
    });
    await at.execute(`update pn_inventory set status = 'registered' where device_id = 'd0'`);
    await at.execute(`delete from pn_inventory where device_id = 'd1'`);
    await at.execute(`update pn_inventory set device_id = 'ghost' where device_id = 'd2'`);
    const wrong = await cpns('verify', 'pn-inventory', '--journal', at.name);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('pn-inventory: 4 of 5 rows are not what the first 4 events say');
    expect(wrong.stdout).toContain('"device_id":"d1","status":"provisional"');
    const [json] = jsonOf((await cpns('verify', 'pn-inventory', '--journal', at.name, '--json')).stdout);
    expect(json).toMatchObject({
      name: 'pn-inventory',
      differences: [
        { stored: { device_id: 'd0', status: 'registered' }, folded: { status: 'provisional' } },
        { stored: { device_id: 'ghost' }, folded: null },
        { stored: null, folded: { device_id: 'd1' } },
        { stored: null, folded: { device_id: 'd2' } },
      ],
    });

    await close();
    const rebuilt = await cpns('rebuild', 'pn-inventory', '--journal', at.name, '--json');
    expect(jsonOf(rebuilt.stdout)).toMatchObject([{ name: 'pn-inventory', position: 5, failure: null }]);
    expect((await cpns('verify', '--journal', at.name)).code).toBe(0);
  });

  test('rebuild is refused while another process has the journal', async () => {
    const journal = await open();
    await append(journal, 'pn/home', added(0));
    const { code, stderr } = await cpns('rebuild', '--journal', at.name);
    expect(code).toBe(1);
    expect(stderr).toContain('another process writes it');
  });
});

describe('cpns projections', () => {
  test('knows which there are by the role whose journal it is', async () => {
    const name = join(folder.path, 'gateway.sqlite');
    const journal = await openSqliteJournal(name);
    await append(journal, 'gateway/hub', eventOf('E', { meta: metaOf({ role: 'pn-gateway' }) }));
    await journal.close();
    expect((await cpns('ls', '--journal', name)).stdout).toMatch(/^name.*\npn-inventory .*\n$/);
    const { code, stderr } = await cpns('rebuild', 'charging', '--journal', name);
    expect([code, stderr]).toEqual([
      2,
      "cpns: A journal of pn-gateway has no projection 'charging'. It has: pn-inventory.\n",
    ]);
    const verified = await cpns('verify', '--journal', name);
    expect(verified.code).toBe(2);
    expect(verified.stderr).toContain('The projection pn-inventory is absent');
  });
});

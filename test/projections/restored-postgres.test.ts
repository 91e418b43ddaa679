import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { useDatabase } from '../postgres/database.ts';
import type { PostgresServer } from '../../cli/postgres-server.ts';
import { startPostgres } from '../postgres/server.ts';
import { added, expectToGoOn } from './restored.ts';

const database = useDatabase();

/** A server of its own: another cluster, whose transaction numbers start anew, and whose settings are this file's. */
let other: PostgresServer;
beforeAll(async () => {
  other = await startPostgres();
});
afterAll(() => other.stop());

async function atOther(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: other.url('postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

it('goes on from every checkpoint after a dump that is restored on another server', async () => {
  const url = await database.url();
  const schema = /search_path%3D(\w+)/.exec(url)?.[1] ?? '';
  const former = await openPostgresJournal(url);
  const before = new InventoryProjection(former, await openInventoryStore(former));
  await former.commit(added(0));
  await before.catchUp();
  await former.commit(added(1));
  await former.close();

  const latter = await openPostgresJournal(other.url('postgres'));
  await openInventoryStore(latter);
  await latter.close();
  const tables = await atOther(
    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
  );
  for (const table of tables.map(({ relname }) => String(relname))) {
    const columns = await database.query(
      `select string_agg(attname, ', ' order by attnum) as names from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and attidentity = ''`,
      [`${schema}.${table}`],
    );
    const names = String(columns[0]?.['names']);
    const file = `${other.folder}/${table}.copy`;
    await database.query(`copy ${schema}.${table} (${names}) to '${file}'`);
    await atOther(`truncate ${table}; copy ${table} (${names}) from '${file}'`);
  }

  const restored = await openPostgresJournal(other.url('postgres'));
  await expectToGoOn(restored);
  await restored.close();
});

it('refuses a server that does not sync, and takes it once it does', async () => {
  await atOther('alter system set fsync = off');
  await atOther('select pg_reload_conf()');
  await expect.poll(async () => (await atOther('show fsync'))[0]).toEqual({ fsync: 'off' });
  const opening = openPostgresJournal(other.url('postgres'));
  await expect(opening).rejects.toMatchObject({ fault: 'unsafe', message: expect.stringContaining('fsync is off') });
  await atOther('alter system reset fsync');
  await atOther('select pg_reload_conf()');
  await expect.poll(async () => (await atOther('show fsync'))[0]).toEqual({ fsync: 'on' });
  await (await openPostgresJournal(other.url('postgres'))).close();
});

import { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { migrate } from '../../../journal/sql/migrations.ts';
import { turnKeys } from '../../../journal/sql/turned-keys.ts';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import { SQLITE, SQLITE_MIGRATIONS } from '../../../journal/sqlite/schema.ts';
import { appendTo, commitOf, eventOf, exactly, noStream } from '../controls.ts';
import { useFolder } from './folder.ts';

const file = useFolder();

function namesIn(table: string, column: string): readonly unknown[] {
  const database = new DatabaseSync(file(), { readOnly: true });
  const rows = database.prepare(`select ${column} as name from ${table} order by 1`).all();
  database.close();
  return rows.map(({ name }) => name);
}

it('runs each migration once', async () => {
  for (const version of [0, 1]) {
    const journal = await openSqliteJournal(file());
    expect(await journal.commit(appendTo('s', exactly(version), 'E'))).toMatchObject({ kind: 'committed' });
    await journal.close();
  }
  expect(namesIn('kysely_migration', 'name')).toEqual(Object.keys(SQLITE_MIGRATIONS));
});

it('names its migrations so that they sort in the order in which they were written', () => {
  expect(Object.keys(SQLITE_MIGRATIONS)).toEqual(Object.keys(SQLITE_MIGRATIONS).toSorted());
});

it('leaves nothing of a migration that fails, and the journal as it was', async () => {
  const journal = await openSqliteJournal(file());
  await journal.commit(appendTo('s', noStream, 'E1'));
  const broken = {
    ...SQLITE_MIGRATIONS,
    '9999-broken': {
      async up(db: Kysely<unknown>): Promise<void> {
        await sql`create table half (a integer)`.execute(db);
        await sql`create table nonsense (`.execute(db);
      },
    },
  };
  await expect(migrate(journal.writer, broken)).rejects.toMatchObject({
    name: 'JournalError',
    fault: 'failed',
  });
  expect(await journal.head()).toBe(1);
  expect((await journal.commit(appendTo('s', exactly(1), 'E2'))).kind).toBe('committed');
  await journal.close();
  expect(namesIn('kysely_migration', 'name')).toEqual(Object.keys(SQLITE_MIGRATIONS));
  expect(namesIn('sqlite_schema', 'name')).not.toContain('half');
});

it('grows the tree over the events of a journal that had none, as if it had kept one from the start', async () => {
  const journal = await openSqliteJournal(file());
  const appends = [{ stream: 's', expected: noStream, events: Array.from({ length: 1_300 }, () => eventOf('E')) }];
  await journal.commit(commitOf({ appends }));
  const kept = { tree: await journal.tree(), nodes: await journal.nodes(8, 0, 10), leaves: await journal.leaves(0, 3) };
  await journal.close();
  const database = new DatabaseSync(file());
  database.exec(`alter table events drop column leaf; alter table head drop column roots; drop table merkle_nodes; drop table snapshots; drop table charts; drop table archive; drop table archived_leaves; drop table bases;
    delete from kysely_migration where name > '0001-journal'`);
  database.close();
  const again = await openSqliteJournal(file());
  const grown = { tree: await again.tree(), nodes: await again.nodes(8, 0, 10), leaves: await again.leaves(0, 3) };
  expect(grown).toEqual(kept);
  expect((await again.commit(appendTo('s', exactly(1_300), 'E'))).kind).toBe('committed');
  await again.close();
});

it('knows a message again whose key an older version had stored the other way round', async () => {
  const journal = await openSqliteJournal(file());
  const answers = [{ messageKey: 'pn/home#m1', messageId: 'a1', subject: 's', payload: '{}', correlationId: 'c' }];
  await journal.commit(commitOf({ messageKey: 'pn/home#m1', answers }));
  await journal.commit(commitOf({ messageKey: 'without' }));
  await journal.close();
  const database = new DatabaseSync(file());
  database.exec(`delete from kysely_migration where name = '0008-message-keys'`);
  database.close();
  const again = await openSqliteJournal(file());
  const seen = await Promise.all(['m1#pn/home', 'pn/home#m1', 'without'].map((key) => again.seen(key)));
  expect(seen).toEqual([true, false, true]);
  expect(await again.answersTo('m1#pn/home')).toMatchObject([{ messageId: 'a1' }]);
  await again.close();
});

it('turns each key once, however many of them a statement takes', async () => {
  const ids = Array.from({ length: 10 }, (_, i) => `${'am0'.charAt(i % 3)}${i}`);
  for (const rowsPerUpdate of [1, 3, 10, 11]) {
    const journal = await openSqliteJournal(`${file()}-${rowsPerUpdate}`);
    for (const id of ids) await journal.commit(commitOf({ messageKey: `pn/home#${id}` }));
    await turnKeys(journal.writer, SQLITE, rowsPerUpdate);
    const { rows } = await sql<{ key: string }>`select message_key as key from inbox`.execute(journal.writer);
    expect(rows.map(({ key }) => key)).toEqual(ids.map((id) => `${id}#pn/home`).toSorted());
    await journal.close();
  }
});

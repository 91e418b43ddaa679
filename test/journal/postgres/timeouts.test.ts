import { expect, it } from 'vitest';
import { addressOf } from '../../../journal/postgres/address.ts';
import { Connection } from '../../../journal/postgres/connection.ts';
import { openPostgresJournal } from '../../../journal/postgres/open.ts';
import { useDatabase } from '../../postgres/database.ts';
import { any, appendTo } from '../controls.ts';

const database = useDatabase();
const LOCK_HEAD = 'select position from head where id = 1 for update';

it('bounds what a process that stands still can hold up: the server takes the head from it, and the others commit', async () => {
  const url = await database.url();
  const journal = await openPostgresJournal(url);
  // As a process does whose machine stops in the middle of a batch.
  const still = await Connection.open(addressOf(url), 'commits');
  await still.command('begin');
  await still.select(LOCK_HEAD);
  expect(await journal.commit(appendTo('s', any, 'E'))).toMatchObject({ kind: 'committed' });
  await still.lost;
  expect(still.isLost).toBe(true);
  await journal.close();
});

it('says that the head is held by somebody who never lets go, and commits again once he has', async () => {
  const url = await database.url();
  const journal = await openPostgresJournal(url);
  const schema = /search_path%3D(\w+)/.exec(url)?.[1] ?? '';
  const stranger = await database.connect();
  await stranger.query(`begin; ${LOCK_HEAD.replace('head', `${schema}.head`)}`);
  await expect(journal.commit(appendTo('s', any, 'Refused'))).rejects.toMatchObject({ fault: 'locked' });
  await stranger.query('rollback');
  expect(await journal.commit(appendTo('s', any, 'E'))).toMatchObject({ events: [{ position: 1 }] });
  await journal.close();
});

it('lets no statement run for ever', async () => {
  const connection = await Connection.open(addressOf(await database.url()), 'commits');
  const [seen] = await connection.select("select current_setting('statement_timeout') as most");
  expect(seen).toEqual({ most: '20s' });
  connection.end();
});

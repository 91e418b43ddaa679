import { openPostgresJournal } from '../../../journal/postgres/open.ts';
import { useDatabase } from '../../postgres/database.ts';
import { journalContract } from '../contract.ts';

const database = useDatabase();

journalContract('PostgreSQL', async () => {
  const url = await database.url();
  return {
    open: () => openPostgresJournal(url),
    stranger: async () => {
      const client = await database.connect();
      await client.query('create table if not exists unrelated (id integer)');
      await client.query('begin isolation level serializable; insert into unrelated values (1)');
      return async () => void (await client.query('rollback'));
    },
    dispose: async () => {},
  };
});

import { openPostgresJournal } from '../../../../events/journal/postgres/open.ts';
import { useDatabase } from '../../../postgres/database.ts';
import { journalContract } from '../contract.ts';

const database = useDatabase();

journalContract('PostgreSQL', async () => {
  const url = await database.url();
  return { open: () => openPostgresJournal(url), dispose: async () => {} };
});

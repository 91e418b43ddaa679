import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteJournal } from '../../../../events/journal/sqlite/open.ts';
import { journalContract } from '../contract.ts';

journalContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cpns-journal-'));
  return {
    open: () => openSqliteJournal(join(folder, 'journal.db')),
    dispose: () => rm(folder, { recursive: true }),
  };
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import { journalContract } from '../contract.ts';

journalContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cpns-journal-'));
  return {
    open: () => openSqliteJournal(join(folder, 'journal.db')),
    // Only the journal's own process writes the file; others read it, such as a backup.
    stranger: async () => {
      const reader = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
      reader.exec('begin; select count(*) from events');
      return async () => reader.close();
    },
    dispose: () => rm(folder, { recursive: true }),
  };
});

import { describe, expect, it } from 'vitest';
import { recordOpening } from '../../../../../actors/roles/journal/record/opening.ts';
import type { Durability } from '../../../../../journal/durability.ts';
import type { Journal } from '../../../../../journal/port.ts';
import { openPostgresJournal } from '../../../../../journal/postgres/open.ts';
import { checkSettings } from '../../../../../journal/sqlite/durability.ts';
import { openSqliteJournal } from '../../../../../journal/sqlite/open.ts';
import { useFolder } from '../../../../journal/sqlite/folder.ts';
import { useDatabase } from '../../../../postgres/database.ts';
import { processOn } from './controls.ts';

const file = useFolder();
const database = useDatabase();

async function openings(journal: Journal & { readonly durability: Durability }, times: number) {
  const process = processOn(journal);
  await Promise.all(Array.from({ length: times }, () => recordOpening(process, journal.durability)));
  const events = await journal.readStream('record');
  await journal.close();
  return events.map(({ type, data }) => ({ type, data }));
}

describe('what a process saw when it opened a journal', () => {
  it('is an event, on SQLite', async () => {
    const found = await openings(await openSqliteJournal(file()), 2);
    const settings = { journal_mode: 'wal', synchronous: '2', sqlite_version: expect.stringMatching(/^3\./) };
    const data = { database: 'sqlite', settings: expect.objectContaining(settings), warnings: [] };
    expect(found).toEqual([
      { type: 'DurabilityObserved', data },
      { type: 'DurabilityObserved', data },
    ]);
  });

  it('is an event, on PostgreSQL, with what is weaker than it should be', async () => {
    const url = await database.url();
    const weaker = url.replace('search_path', 'synchronous_commit%3Dremote_write%20-c%20search_path');
    const [found] = await openings(await openPostgresJournal(weaker), 1);
    expect(found).toMatchObject({
      type: 'DurabilityObserved',
      data: {
        database: 'postgres',
        settings: { fsync: 'on', synchronous_commit: 'remote_write', server_encoding: 'UTF8' },
        warnings: [expect.stringContaining('synchronous_commit is remote_write')],
      },
    });
  });
});

describe('a build of SQLite that does not sync', () => {
  it.each(['0', '1', 'undefined'])('is refused: synchronous is %s', (synchronous) => {
    expect(() => checkSettings({ synchronous, journal_mode: 'wal' }, 'x.sqlite')).toThrow(
      expect.objectContaining({ fault: 'unsafe', message: expect.stringContaining(`synchronous is ${synchronous}`) }),
    );
  });

  it('is not one that syncs more, nor one without a write-ahead log, which is warned of', () => {
    expect(checkSettings({ synchronous: '3', journal_mode: 'wal' }, 'x.sqlite').warnings).toEqual([]);
    expect(checkSettings({ synchronous: '2', journal_mode: 'delete' }, 'x.sqlite').warnings).toEqual([
      expect.stringContaining('journal_mode is delete'),
    ]);
  });
});

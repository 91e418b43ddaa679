import { expect, it } from 'vitest';
import { edgeBefore } from '../../../journal/export/write.ts';
import { ROWS_PER_DELETE, compact } from '../../../journal/sql/compact.ts';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import { any, appendTo } from '../controls.ts';
import { useFolder } from './folder.ts';

const file = useFolder();

it('takes out more events than one statement does, and those that are kept stay', async () => {
  const journal = await openSqliteJournal(file());
  const most = Array.from({ length: 50_000 }, () => 'E');
  const upTo = 2 * ROWS_PER_DELETE + 1;
  await journal.commit(appendTo('kept', any, 'E'));
  for (let i = 0; i < 5; i++) await journal.commit(appendTo('s', any, ...most));
  const none = (async function* () {})();
  const edge = await edgeBefore(journal, upTo + 1);
  expect(await compact(journal.writer, { upTo, edge }, none, ['kept'])).toBe(upTo - 1);
  const left = await journal.stored({ limit: 3 });
  expect(left.map(({ position }) => position)).toEqual([1, upTo + 1, upTo + 2]);
  expect(await journal.tree()).toMatchObject({ size: 250_001 });
  await journal.close();
});

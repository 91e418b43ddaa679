import { backup, DatabaseSync } from 'node:sqlite';
import { it } from 'vitest';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { added, expectToGoOn } from './restored.ts';
import { useFolder } from '../journal/sqlite/folder.ts';

const file = useFolder();

it('goes on from every checkpoint in a backup that was made while it was written', async () => {
  const former = await openSqliteJournal(file());
  const before = new InventoryProjection(former, await openInventoryStore(former));
  await former.commit(added(0));
  await before.catchUp();
  await former.commit(added(1));
  const source = new DatabaseSync(file(), { readOnly: true });
  await backup(source, `${file()}.copy`);
  source.close();
  await former.commit(added(2));
  await before.catchUp();
  await former.close();

  const restored = await openSqliteJournal(`${file()}.copy`);
  await expectToGoOn(restored);
  await restored.close();
});

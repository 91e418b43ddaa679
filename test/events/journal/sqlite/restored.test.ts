import { backup, DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openSqliteJournal } from '../../../../events/journal/sqlite/open.ts';
import { InventoryProjection } from '../../../../projections/projection.ts';
import { openInventoryStore } from '../../../../projections/sql.ts';
import { inventoryEvent } from '../../../projections/controls.ts';
import { any, appendTo, commitOf, exactly } from '../controls.ts';
import { useFolder } from './folder.ts';

const file = useFolder();

const added = (revision: number) => {
  const event = inventoryEvent('home', revision, [{ deviceId: `d${revision}`, kind: 'added' }]);
  return commitOf({
    messageKey: `key-${revision}`,
    appends: [{ stream: 'pn/home', expected: any, events: [event] }],
  });
};

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
  const projection = new InventoryProjection(restored, await openInventoryStore(restored));
  expect(await projection.checkpoint()).toBe(1);
  expect(await projection.catchUp()).toBe(2);
  expect(await projection.inventory('home')).toMatchObject([{ revision: 2, members: [{}, {}] }]);
  expect(await restored.readAll({ after: 1 })).toMatchObject([{ position: 2, version: 2 }]);
  expect(await restored.commit(added(1))).toMatchObject({ kind: 'duplicate', events: [{ position: 2 }] });
  expect(await restored.commit(appendTo('pn/home', exactly(2), 'E'))).toMatchObject({ events: [{ position: 3 }] });
  await restored.close();
});

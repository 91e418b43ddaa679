import { expect, it } from 'vitest';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { any, commitOf } from '../journal/controls.ts';
import { useDatabase } from '../postgres/database.ts';
import { inventoryEvent } from './controls.ts';

const database = useDatabase();

it('two processes on one database keep one read model, whichever of them brings it up', async () => {
  const url = await database.url();
  const journals = await Promise.all([openPostgresJournal(url), openPostgresJournal(url)]);
  const projections = await Promise.all(
    journals.map(async (journal) => new InventoryProjection(journal, await openInventoryStore(journal))),
  );
  for (let i = 0; i < 20; i++) {
    const event = inventoryEvent('home', i, [{ deviceId: `d${i % 4}`, kind: 'added' }]);
    await journals[0]?.commit(commitOf({ appends: [{ stream: 'pn/home', expected: any, events: [event] }] }));
    await Promise.all(projections.map((projection) => projection.catchUp()));
  }
  const [maintained] = projections;
  const before = await maintained?.inventory();
  expect(before).toMatchObject([{ pnId: 'home', revision: 20 }]);
  await maintained?.rebuild();
  expect(await maintained?.inventory()).toEqual(before);
  await Promise.all(journals.map((journal) => journal.close()));
});

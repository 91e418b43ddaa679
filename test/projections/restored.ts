import { expect } from 'vitest';
import type { Journal } from '../../journal/port.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import type { Connections } from '../../projections/sql-store.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { inventoryEvent } from './controls.ts';
import { any, appendTo, commitOf, exactly } from '../journal/controls.ts';

/** A device that enters the PN `home`, by a message of its own. */
export const added = (revision: number) => {
  const event = inventoryEvent('home', revision, [{ deviceId: `d${revision}`, kind: 'added' }]);
  return commitOf({
    messageKey: `key-${revision}`,
    appends: [{ stream: 'pn/home', expected: any, events: [event] }],
  });
};

/** The copy of a journal with two of them, whose read model had followed the first: it goes on as if nothing had happened. */
export async function expectToGoOn(restored: Journal & Connections): Promise<void> {
  const projection = new InventoryProjection(restored, await openInventoryStore(restored));
  expect(await projection.checkpoint()).toBe(1);
  expect(await projection.catchUp()).toBe(2);
  expect(await projection.inventory('home')).toMatchObject([{ revision: 2, members: [{}, {}] }]);
  expect(await restored.readAll({ after: 1 })).toMatchObject([{ position: 2, version: 2 }]);
  expect(await restored.commit(added(1))).toMatchObject({ kind: 'duplicate', events: [{ position: 2 }] });
  expect(await restored.commit(appendTo('pn/home', exactly(2), 'E'))).toMatchObject({ events: [{ position: 3 }] });
}

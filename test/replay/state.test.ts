import { expect, it } from 'vitest';
import { MemoryJournal } from '../../journal/memory.ts';
import { CHART_IDS, rowOf } from '../../machines/catalogue.ts';
import { portSource } from '../../replay/sources/port.ts';
import { inventoriesAt, stateAt, type Selection } from '../../replay/state.ts';
import { viewOf } from '../../replay/view.ts';
import { any, commitOf } from '../journal/controls.ts';
import { recorded } from './event.ts';

const IDS = ['a', 'b'];

/** An actor of each chart for each of two ids, and one that no chart has. */
async function view() {
  const journal = new MemoryJournal();
  for (const chart of CHART_IDS)
    for (const id of IDS) {
      const stream = rowOf(chart).stream.replaceAll(/\{\w+\}/g, id);
      const { type, schemaVersion, data, meta } = recorded(chart, stream, 'Some');
      const events = [{ type, schemaVersion, data, meta }];
      await journal.commit(commitOf({ appends: [{ stream, expected: any, events }] }));
    }
  const { type, schemaVersion, data, meta } = recorded('pne/registration', 'typo/a/a', 'Some');
  const events = [{ type, schemaVersion, data, meta }];
  await journal.commit(commitOf({ appends: [{ stream: 'typo/a/a', expected: any, events }] }));
  return viewOf(await portSource('memory', journal), 'fromEvents');
}

it.each<readonly [Selection, readonly string[]]>([
  [{ pne: 'a' }, ['admission/a/a', 'charging/a/a', 'pne/a', 'registration/a/a', 'subject/a', 'usage/a/a']],
  [{ pn: 'a' }, ['charging/a/a', 'gateway/a', 'gateway/b', 'pn/a', 'registration/a/a']],
  [{ pn: 'a', pne: 'a' }, ['charging/a/a', 'registration/a/a']],
  [{ pn: 'a', pne: 'b' }, []],
  [{ stream: 'typo/a/a' }, ['typo/a/a']],
  [{ stream: 'pn/a', pn: 'b' }, []],
])('the actors of %j are told by the names of their streams', async (selection, streams) => {
  const { actors } = await stateAt(await view(), 100, selection);
  expect(actors.map(({ stream }) => stream)).toEqual(streams);
});

it('without a selection every actor is told, and the one that no chart has', async () => {
  const { actors } = await stateAt(await view(), 100, {});
  expect(actors.map(({ stream }) => stream)).toContain('typo/a/a');
  expect((await inventoriesAt(await view(), 100)).inventories).toEqual([]);
});

import { expect, test } from 'vitest';
import { foldActor } from '../../fold/fold.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import type { Snapshot } from '../../journal/port.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import { verifySnapshots } from '../../replay/snapshots.ts';
import { commitOf, eventOf, metaOf, noStream } from '../journal/controls.ts';

const refused = eventOf('MessageRefused', {
  data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
  meta: metaOf({ chart: { id: charging.id, hash: 'of an earlier program' } }),
});

test('each snapshot is compared with the fold of its stream, through the charts of today', async () => {
  const journal = new MemoryJournal();
  const events = Array.from({ length: 9 }, () => refused);
  for (const stream of ['a', 'b'])
    await journal.commit(commitOf({ appends: [{ stream, expected: noStream, events }] }));
  const at = async (stream: string, version: number, of = version): Promise<Snapshot> => {
    const { state } = await foldActor(journal, charging, stream, { version: of });
    return snapshotOf(charging, { stream, version, position: stream === 'a' ? version : version + 9 }, state);
  };
  const good = [await at('a', 3), await at('a', 9), await at('b', 9)];
  await journal.keepSnapshots(good);
  await journal.keepSnapshots([
    await at('a', 5, 4),
    { ...(await at('a', 6)), stateHash: 'another' },
    { ...(await at('a', 7)), chart: { id: charging.id, hash: 'another' } },
    { ...(await at('a', 8)), program: 'another' },
    await at('b', 10, 9),
  ]);
  const found: string[] = [];
  for await (const { snapshot, verdict } of verifySnapshots(journal))
    found.push(`${snapshot.stream} ${snapshot.version} ${verdict}`);
  expect(found).toEqual([
    'a 3 right',
    'a 5 wrong',
    'a 6 damaged',
    'a 7 otherChart',
    'a 8 otherProgram',
    'a 9 right',
    'b 9 right',
    'b 10 beyond',
  ]);
});

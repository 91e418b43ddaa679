import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../journal/memory.ts';
import type { Journal, NewEvent } from '../../journal/port.ts';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { openSqliteJournal, openSqliteReader } from '../../journal/sqlite/open.ts';
import { MemoryInventoryStore } from '../../projections/memory.ts';
import type { InventoryStore } from '../../projections/port.ts';
import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore, readInventoryOf } from '../../projections/sql.ts';
import { any, commitOf, eventOf } from '../journal/controls.ts';
import type { Step } from './controls.ts';
import { inventoryEvent } from './controls.ts';
import { useDatabase } from '../postgres/database.ts';

const database = useDatabase();
const folders: string[] = [];
async function sqliteJournal() {
  const folder = await mkdtemp(join(tmpdir(), 'cpns-projection-'));
  folders.push(folder);
  return openSqliteJournal(join(folder, 'journal.db'));
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

interface Bench {
  readonly journal: Journal;
  readonly openStore: () => Promise<InventoryStore>;
}
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  memory: async () => {
    const store = new MemoryInventoryStore();
    return { journal: new MemoryJournal(), openStore: async () => store };
  },
  SQLite: async () => {
    const journal = await sqliteJournal();
    return { journal, openStore: () => openInventoryStore(journal) };
  },
  PostgreSQL: async () => {
    const journal = await openPostgresJournal(await database.url());
    return { journal, openStore: () => openInventoryStore(journal) };
  },
};

function append(journal: Journal, ...events: readonly NewEvent[]) {
  return journal.commit(commitOf({ appends: [{ stream: 'pn/home', expected: any, events }] }));
}

describe.each(Object.entries(BENCHES))('PN Inventory in %s', (_, makeBench) => {
  let bench: Bench;
  let projection: InventoryProjection;
  beforeEach(async () => {
    bench = await makeBench();
    projection = new InventoryProjection(bench.journal, await bench.openStore());
  });
  afterEach(() => bench.journal.close());

  it('is empty over an empty journal', async () => {
    expect(await projection.catchUp()).toBe(0);
    expect(await projection.inventory()).toEqual([]);
  });

  it('follows a device from provisional to registered to removed', async () => {
    await append(bench.journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]), eventOf('Other'));
    expect(await projection.catchUp()).toBe(2);
    const member = { deviceId: 'watch', status: 'provisional', cpnsId: null, revision: 1 };
    expect(await projection.inventory('home')).toEqual([{ pnId: 'home', revision: 1, members: [member] }]);

    await append(bench.journal, inventoryEvent('home', 1, [{ deviceId: 'watch', kind: 'registered' }]));
    expect(await projection.catchUp()).toBe(3);
    const registered = {
      deviceId: 'watch',
      status: 'registered',
      cpnsId: 'cpns-watchaaaaaaaaaaaaaaaaaaaaa',
      revision: 2,
    };
    expect(await projection.inventory()).toEqual([{ pnId: 'home', revision: 2, members: [registered] }]);

    await append(bench.journal, inventoryEvent('home', 2, [{ deviceId: 'watch', kind: 'removed' }]));
    await projection.catchUp();
    expect(await projection.inventory()).toEqual([{ pnId: 'home', revision: 3, members: [] }]);
    expect(await projection.inventory('other')).toEqual([]);
  });

  it('goes on where the last one stopped', async () => {
    await append(bench.journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
    await projection.catchUp();
    await append(bench.journal, inventoryEvent('home', 1, [{ deviceId: 'scale', kind: 'added' }]));
    const next = new InventoryProjection(bench.journal, await bench.openStore());
    expect(await next.checkpoint()).toBe(1);
    expect(await next.catchUp()).toBe(2);
    expect((await next.inventory())[0]?.members.map(({ deviceId }) => deviceId)).toEqual(['scale', 'watch']);
  });

  it('lets calls that overlap take turns', async () => {
    await append(bench.journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
    const calls = [projection.catchUp(), projection.rebuild(), projection.catchUp()];
    expect(await Promise.all(calls)).toEqual([1, 1, 1]);
  });

  it.each([
    ['does not follow the revision before it', inventoryEvent('home', 7, [{ deviceId: 'watch', kind: 'removed' }])],
    ['is malformed', eventOf('Bad', { data: { inventory: { pnId: 'home', changes: [{ revision: 'two' }] } } })],
    ['names no PN', eventOf('Bad', { data: { inventory: { changes: [] } } })],
  ])('stops right before a change that %s', async (_title, bad) => {
    await append(bench.journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
    await projection.catchUp();
    const event = { position: 3, type: bad.type, stream: 'pn/home' };
    await append(bench.journal, inventoryEvent('home', 1, [{ deviceId: 'scale', kind: 'added' }]), bad);
    await expect(projection.catchUp()).rejects.toMatchObject({ fault: 'handler', event });
    expect(await projection.standing()).toMatchObject({ position: 2, stopped: { fault: 'handler', event } });
    const before = await projection.inventory();
    expect(before).toMatchObject([{ revision: 2, members: [{ deviceId: 'scale' }, { deviceId: 'watch' }] }]);
    await append(bench.journal, eventOf('Other'));
    await expect(projection.catchUp()).rejects.toMatchObject({ fault: 'handler', event });
    await expect(projection.rebuild()).rejects.toMatchObject({ fault: 'handler', event });
    expect(await projection.checkpoint()).toBe(2);
    expect(await projection.inventory()).toEqual(before);
  });

  it('says so when its checkpoint is beyond the journal, and a rebuild mends it', async () => {
    const store = await bench.openStore();
    await store.replace({ to: 5, delta: { revisions: new Map([['ghost', 1]]), members: new Map() } });
    await append(bench.journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
    await expect(projection.catchUp()).rejects.toMatchObject({ fault: 'ahead' });
    expect(await projection.checkpoint()).toBe(5);
    expect(await projection.rebuild()).toBe(1);
    expect((await projection.inventory()).map(({ pnId }) => pnId)).toEqual(['home']);
  });

  it('refuses to advance a checkpoint that somebody else moved', async () => {
    const delta = { revisions: new Map([['home', 1]]), members: new Map() };
    const store = await bench.openStore();
    await expect(store.advance({ from: 3, to: 4, delta })).rejects.toMatchObject({ fault: 'overlap' });
    expect(await store.inventory()).toEqual([]);
  });

  it('reports the progress of a rebuild over many pages', async () => {
    await append(bench.journal, ...Array.from({ length: 2_100 }, () => eventOf('Other')));
    const seen: number[] = [];
    expect(await projection.rebuild(({ position }) => seen.push(position))).toBe(2_100);
    expect(seen).toEqual([1_000, 2_000, 2_100]);
  });
});

it('does not get in the way of the committer on the same file, nor the committer in its way', async () => {
  const journal = await sqliteJournal();
  const projection = new InventoryProjection(journal, await openInventoryStore(journal));
  const commits = Array.from({ length: 300 }, (_, i) =>
    append(journal, inventoryEvent('home', i, [{ deviceId: `d${i % 9}`, kind: 'added' }])),
  );
  const catchingUp = Array.from({ length: 20 }, () => projection.catchUp());
  await Promise.all([...commits, ...catchingUp]);
  expect(await projection.catchUp()).toBe(300);
  await journal.close();
});

it.each([
  ['SQLite', sqliteJournal],
  ['PostgreSQL', async () => openPostgresJournal(await database.url())],
] as const)('moves rows and checkpoint together on %s, or neither', async (_, open) => {
  const journal = await open();
  const projection = new InventoryProjection(journal, await openInventoryStore(journal));
  await append(journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
  await sql`alter table pn_revision rename to away`.execute(journal.writer);
  await expect(projection.catchUp()).rejects.toThrow('pn_revision');
  expect(await projection.checkpoint()).toBe(0);
  await sql`alter table away rename to pn_revision`.execute(journal.writer);
  expect(await projection.inventory()).toEqual([]);
  expect(await projection.catchUp()).toBe(1);
  expect(await projection.inventory('home')).toMatchObject([{ revision: 1, members: [{ deviceId: 'watch' }] }]);
  await journal.close();
});

it('can be read by another connection beside the server', async () => {
  const journal = await sqliteJournal();
  const reader = await openSqliteReader(join(folders.at(-1) ?? '', 'journal.db'));
  expect(await readInventoryOf(reader)).toEqual([]);
  const projection = new InventoryProjection(journal, await openInventoryStore(journal));
  await append(journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
  await projection.catchUp();
  expect(await readInventoryOf(reader, 'home')).toEqual(await projection.inventory());
  await reader.close();
  await journal.close();
});

it('drops rows of another shape and builds them again', async () => {
  const journal = await sqliteJournal();
  await append(journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
  await new InventoryProjection(journal, await openInventoryStore(journal)).catchUp();
  await sql`update projections set shape = 0`.execute(journal.writer);
  const projection = new InventoryProjection(journal, await openInventoryStore(journal));
  expect(await projection.checkpoint()).toBe(0);
  expect(await projection.catchUp()).toBe(1);
  await journal.close();
});

it('keeps rows of another shape where the events that they were built from are archived', async () => {
  const journal = await sqliteJournal();
  await append(journal, inventoryEvent('home', 0, [{ deviceId: 'watch', kind: 'added' }]));
  await new InventoryProjection(journal, await openInventoryStore(journal)).catchUp();
  await sql`update projections set shape = 0`.execute(journal.writer);
  const { writer, db, capabilities } = journal;
  const archived = async () => ({ upTo: 1, edge: await journal.tree() });
  const opening = openInventoryStore({ writer, db, capabilities, archived });
  await expect(opening).rejects.toMatchObject({ fault: 'archived', message: expect.stringContaining('pn-inventory') });
  expect(await readInventoryOf(journal)).toMatchObject([{ pnId: 'home', revision: 1 }]);
  await journal.close();
});

const step: fc.Arbitrary<Step> = fc.record({
  deviceId: fc.constantFrom('watch', 'scale', 'lamp'),
  kind: fc.constantFrom<Step['kind'][]>('added', 'registered', 'removed'),
});
const history = fc.array(
  fc.record({
    pnId: fc.constantFrom('home', 'car'),
    steps: fc.array(step, { minLength: 1, maxLength: 4 }),
    next: fc.constantFrom<('catchUp' | 'wait')[]>('catchUp', 'wait'),
  }),
  { maxLength: 30 },
);

it('is, however often it caught up, what a rebuild gives and what the last change of each device says', async () => {
  const journal = await sqliteJournal();
  const property = fc.asyncProperty(history, async (entries) => {
    const memory = new MemoryJournal();
    const stores = [new MemoryInventoryStore(), await openInventoryStore(journal)];
    await stores[1]?.replace({ to: 0, delta: { revisions: new Map(), members: new Map() } });
    const projections = stores.map((store) => new InventoryProjection(memory, store));
    const revisions = new Map<string, number>();
    const expected = new Map<string, Map<string, Step['kind']>>();
    for (const { pnId, steps, next } of entries) {
      const revision = revisions.get(pnId) ?? 0;
      await append(memory, inventoryEvent(pnId, revision, steps));
      revisions.set(pnId, revision + steps.length);
      const pn = expected.get(pnId) ?? new Map<string, Step['kind']>();
      for (const { deviceId, kind } of steps) pn.set(deviceId, kind);
      expected.set(pnId, pn);
      if (next === 'catchUp') for (const projection of projections) await projection.catchUp();
    }
    for (const projection of projections) {
      await projection.catchUp();
      const maintained = await projection.inventory();
      await projection.rebuild();
      expect(maintained).toEqual(await projection.inventory());
      const present = maintained.map(({ pnId, revision, members }) => [pnId, revision, members.map((m) => m.deviceId)]);
      const model = [...expected]
        .toSorted()
        .map(([pnId, devices]) => [
          pnId,
          revisions.get(pnId),
          [...devices].flatMap(([deviceId, kind]) => (kind === 'removed' ? [] : [deviceId])).toSorted(),
        ]);
      expect(present).toEqual(model);
    }
  });
  await fc.assert(property, { numRuns: 60 });
  await journal.close();
});

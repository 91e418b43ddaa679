import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../journal/memory.ts';
import type { Journal, NewEvent } from '../../journal/port.ts';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { MemoryChargingStore } from '../../projections/charging/memory.ts';
import type { ChargingRecord, ChargingStore, RecordsQuestion } from '../../projections/charging/port.ts';
import { ChargingProjection } from '../../projections/charging/projection.ts';
import { openChargingStore } from '../../projections/charging/sql.ts';
import { eventOf } from '../journal/controls.ts';
import { useDatabase } from '../postgres/database.ts';
import { append, closed, counted, KEYS, opened, reported, sum } from './charging-controls.ts';
import { cpnsIdOf } from './controls.ts';

const ALL: RecordsQuestion = { pnId: null, deviceId: null, after: null, limit: 1_000 };

const onCharging = (journal: Journal, ...events: readonly NewEvent[]) =>
  append(journal, 'charging/home/lamp', ...events);
const onSession = (journal: Journal, ...events: readonly NewEvent[]) =>
  append(journal, 'registration/home/lamp', ...events);

const database = useDatabase();
const folders: string[] = [];
async function sqliteJournal() {
  const folder = await mkdtemp(join(tmpdir(), 'cpns-charging-'));
  folders.push(folder);
  return openSqliteJournal(join(folder, 'journal.db'));
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

interface Bench {
  readonly journal: Journal;
  readonly openStore: () => Promise<ChargingStore>;
}
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  memory: async () => {
    const store = new MemoryChargingStore();
    return { journal: new MemoryJournal(), openStore: async () => store };
  },
  SQLite: async () => {
    const journal = await sqliteJournal();
    return { journal, openStore: () => openChargingStore(journal) };
  },
  PostgreSQL: async () => {
    const journal = await openPostgresJournal(await database.url());
    return { journal, openStore: () => openChargingStore(journal) };
  },
};

describe.each(Object.entries(BENCHES))('charging records in %s', (_, makeBench) => {
  let bench: Bench;
  let projection: ChargingProjection;
  beforeEach(async () => {
    bench = await makeBench();
    projection = new ChargingProjection(bench.journal, await bench.openStore());
  });
  afterEach(() => bench.journal.close());

  async function records(question: Partial<RecordsQuestion> = {}): Promise<readonly ChargingRecord[]> {
    await projection.catchUp();
    return projection.records({ ...ALL, ...question });
  }

  it('are none over an empty journal', async () => {
    expect(await records()).toEqual([]);
  });

  it('set the count of the PN GW beside that of the server, with the session and its PNE', async () => {
    const { journal } = bench;
    await onSession(journal, opened(KEYS[0], cpnsIdOf('lamp')));
    await onCharging(journal, counted(sum()), reported(sum({ messages: 2, bytes: 60, from: 500, to: 2_500 })));
    expect(await records()).toEqual([
      {
        pnId: 'home',
        deviceId: 'lamp',
        cpnsId: cpnsIdOf('lamp'),
        serviceId: 'echo',
        keyId: KEYS[0],
        direction: 'up',
        server: { messages: 3, bytes: 90 },
        gateway: { messages: 2, bytes: 60 },
        from: 500,
        to: 2_500,
        session: 'open',
        closedAt: null,
      },
    ]);
  });

  it('keep sessions, services and directions apart and add up the rest, over many catch-ups', async () => {
    const { journal } = bench;
    await onCharging(journal, counted(sum(), sum({ direction: 'down' })));
    await records();
    await onCharging(journal, counted(sum({ keyId: KEYS[1] })), counted(sum({ serviceId: 'alarm' }), sum()));
    const found = (await records()).map(({ keyId, serviceId, direction, server }) => {
      return [serviceId, keyId, direction, server.messages];
    });
    expect(found).toEqual([
      ['alarm', KEYS[0], 'up', 3],
      ['echo', KEYS[0], 'down', 3],
      ['echo', KEYS[0], 'up', 6],
      ['echo', KEYS[1], 'up', 3],
    ]);
  });

  it('show when the session was closed, also when its events are of different catch-ups', async () => {
    const { journal } = bench;
    await onSession(journal, opened(KEYS[0], cpnsIdOf('lamp')));
    await onCharging(journal, counted(sum()));
    await records();
    await onSession(journal, closed(KEYS[0], '2026-11-23T05:00:00.000Z'));
    const closedAt = Date.parse('2026-11-23T05:00:00.000Z');
    expect(await records()).toMatchObject([{ session: 'closed', closedAt, cpnsId: cpnsIdOf('lamp') }]);
  });

  it('show usage of a session that never was as that of an unknown one', async () => {
    await onCharging(bench.journal, reported(sum()));
    expect(await records()).toMatchObject([{ session: 'unknown', server: { messages: 0 }, cpnsId: null }]);
  });

  it('are given by PN, by PNE, and page by page', async () => {
    for (const pnId of ['home', 'home-2', 'office']) {
      for (const deviceId of ['lamp', 'tag']) {
        await append(bench.journal, `charging/${pnId}/${deviceId}`, counted(sum(), sum({ direction: 'down' })));
      }
    }
    const all = await records();
    expect(all).toHaveLength(12);
    expect(await records({ pnId: 'office' })).toEqual(all.slice(8));
    expect(await records({ deviceId: 'tag', pnId: 'home' })).toEqual(all.slice(2, 4));
    const pages: ChargingRecord[] = [];
    for (;;) {
      const page = await records({ after: pages.at(-1) ?? null, limit: 5 });
      if (page.length === 0) break;
      pages.push(...page);
    }
    expect(pages).toEqual(all);
  });

  it('stay at the largest whole number when a PN GW claims more, and can still be read', async () => {
    const most = sum({ messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER });
    await onCharging(bench.journal, reported(most));
    await records();
    await onCharging(bench.journal, reported(most, most));
    const total = { messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };
    expect(await records()).toMatchObject([{ gateway: total }]);
  });

  it('stay as they are before an event that is malformed', async () => {
    await onCharging(bench.journal, counted(sum()));
    const before = await records();
    await onCharging(bench.journal, eventOf('UsageRecorded', { data: { usage: [{ messages: 'many' }] } }));
    await expect(projection.catchUp()).rejects.toMatchObject({ fault: 'handler' });
    await expect(projection.rebuild()).rejects.toMatchObject({ fault: 'handler' });
    expect(await projection.checkpoint()).toBe(1);
    expect(await projection.records(ALL)).toEqual(before);
  });

  it('do not move a checkpoint that somebody else moved', async () => {
    const store = await bench.openStore();
    const delta = { usage: new Map(), sessions: new Map() };
    await expect(store.advance({ from: 3, to: 4, delta })).rejects.toMatchObject({ fault: 'overlap' });
  });
});

it('drops charging records of another shape and builds them again', async () => {
  const journal = await sqliteJournal();
  await onCharging(journal, counted(sum()));
  await new ChargingProjection(journal, await openChargingStore(journal)).catchUp();
  await sql`update projections set shape = 0`.execute(journal.writer);
  const projection = new ChargingProjection(journal, await openChargingStore(journal));
  expect(await projection.checkpoint()).toBe(0);
  expect(await projection.catchUp()).toBe(1);
  expect(await projection.records(ALL)).toMatchObject([{ server: { messages: 3 } }]);
  await journal.close();
});

const entry = fc.record({
  pnId: fc.constantFrom('home', 'car'),
  deviceId: fc.constantFrom('lamp', 'tag'),
  side: fc.constantFrom<('server' | 'gateway')[]>('server', 'gateway'),
  usage: fc.array(
    fc.record({
      keyId: fc.constantFrom(...KEYS),
      serviceId: fc.constantFrom('echo', 'alarm'),
      direction: fc.constantFrom<('up' | 'down')[]>('up', 'down'),
      messages: fc.integer({ min: 1, max: 50 }),
      bytes: fc.nat(1_000),
      from: fc.nat(1_000),
      to: fc.nat(1_000),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  next: fc.constantFrom<('catchUp' | 'wait')[]>('catchUp', 'wait'),
});

it('are, however often they caught up, what a rebuild gives and what the events add up to', async () => {
  const journal = await sqliteJournal();
  const property = fc.asyncProperty(fc.array(entry, { maxLength: 25 }), async (entries) => {
    const memory = new MemoryJournal();
    const stores = [new MemoryChargingStore(), await openChargingStore(journal)];
    await stores[1]?.replace({ to: 0, delta: { usage: new Map(), sessions: new Map() } });
    const projections = stores.map((store) => new ChargingProjection(memory, store));
    const expected = new Map<string, number>();
    const add = (key: string, count: number) => expected.set(key, (expected.get(key) ?? 0) + count);
    for (const { pnId, deviceId, side, usage, next } of entries) {
      await append(memory, `charging/${pnId}/${deviceId}`, side === 'server' ? counted(...usage) : reported(...usage));
      for (const { keyId, serviceId, direction, messages, bytes } of usage) {
        add([pnId, deviceId, keyId, serviceId, direction, side, 'messages'].join(), messages);
        add([pnId, deviceId, keyId, serviceId, direction, side, 'bytes'].join(), bytes);
      }
      if (next === 'catchUp') for (const projection of projections) await projection.catchUp();
    }
    for (const projection of projections) {
      await projection.catchUp();
      const maintained = await projection.records(ALL);
      await projection.rebuild();
      expect(await projection.records(ALL)).toEqual(maintained);
      const found = maintained.flatMap(({ pnId, deviceId, keyId, serviceId, direction, server, gateway }) =>
        (['messages', 'bytes'] as const).flatMap((what) => [
          [[pnId, deviceId, keyId, serviceId, direction, 'server', what].join(), server[what]] as const,
          [[pnId, deviceId, keyId, serviceId, direction, 'gateway', what].join(), gateway[what]] as const,
        ]),
      );
      expect(new Map(found.filter(([, count]) => count > 0))).toEqual(
        new Map([...expected].filter(([, count]) => count > 0)),
      );
    }
  });
  await fc.assert(property, { numRuns: 60 });
  await journal.close();
});

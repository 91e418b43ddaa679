import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { useDatabase } from '../postgres/database.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import type { Commit, ExpectedVersion, Journal, StreamAppend } from '../../journal/port.ts';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import { commitOf, eventOf, outboxRow, timerRow } from './controls.ts';
import { OracleJournal } from './oracle.ts';

const expected: fc.Arbitrary<ExpectedVersion> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<ExpectedVersion>({ kind: 'any' }) },
  fc.constant<ExpectedVersion>({ kind: 'noStream' }),
  fc.nat(6).map((version): ExpectedVersion => ({ kind: 'exactly', version })),
);
const append: fc.Arbitrary<StreamAppend> = fc.record({
  stream: fc.constantFrom('a', 'b'),
  expected,
  events: fc.array(
    fc.constantFrom('X', 'Y').map((type) => eventOf(type)),
    { maxLength: 3 },
  ),
});
const ids = (...names: readonly string[]) => fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 });
const commit: fc.Arbitrary<Commit> = fc
  .record({
    messageKey: fc.option(fc.constantFrom('k1', 'k2', 'k3'), { nil: null }),
    appends: fc.array(append, { maxLength: 3 }),
    put: ids('o1', 'o2', 'o3'),
    settle: ids('o1', 'o2', 'o3'),
    arm: fc.uniqueArray(fc.tuple(fc.constantFrom('t1', 't2'), fc.nat(9)), { selector: ([name]) => name }),
    disarm: ids('t1', 't2'),
  })
  .map(({ messageKey, appends, put, settle, arm, disarm }) =>
    commitOf({
      messageKey,
      appends,
      outbox: { put: put.map((id) => outboxRow(id)), settle },
      timers: {
        arm: arm.map(([name, dueAt]) => timerRow(name, dueAt)),
        disarm: disarm.map((name) => ({ stream: 'pn/home', name })),
      },
    }),
  );
const database = useDatabase();

/** Commits in groups that wait together. */
const groups = fc.array(fc.array(commit, { minLength: 1, maxLength: 6 }), { maxLength: 8 });

async function agrees(journal: Journal, run: readonly (readonly Commit[])[]): Promise<void> {
  const oracle = new OracleJournal();
  for (const group of run) {
    const results = await Promise.all(group.map((one) => journal.commit(one)));
    expect(results).toEqual(group.map((one) => oracle.commit(one)));
  }
  expect(await journal.readAll()).toEqual(oracle.events);
  const pending = await journal.pendingOutbox();
  expect(pending.map(({ id }) => id)).toEqual(oracle.outbox);
  const timers = (await journal.pendingTimers()).map(({ name, dueAt }) => `${dueAt} ${name}`);
  expect(timers.toSorted()).toEqual(oracle.timers.map(([name, dueAt]) => `${dueAt} ${name}`).toSorted());
}

it('in memory does, batched, what one commit after the other does', async () => {
  const property = fc.asyncProperty(groups, (run) => agrees(new MemoryJournal(), run));
  await fc.assert(property, { numRuns: 300 });
});

it('on SQLite does, batched, what one commit after the other does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cpns-journal-'));
  let runs = 0;
  const property = fc.asyncProperty(groups, async (run) => {
    const journal = await openSqliteJournal(join(folder, `${runs++}.db`));
    try {
      await agrees(journal, run);
    } finally {
      await journal.close();
    }
  });
  await fc.assert(property, { numRuns: 40 }).finally(() => rm(folder, { recursive: true }));
});

it('on PostgreSQL does, batched, what one commit after the other does', async () => {
  const property = fc.asyncProperty(groups, async (run) => {
    const journal = await openPostgresJournal(await database.url());
    try {
      await agrees(journal, run);
    } finally {
      await journal.close();
    }
  });
  await fc.assert(property, { numRuns: 15 });
});

import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PostgresJournal } from '../../../journal/postgres/journal.ts';
import { openPostgresJournal } from '../../../journal/postgres/open.ts';
import type { RecordedEvent } from '../../../journal/port.ts';
import { eventually, useDatabase } from '../../postgres/database.ts';
import { follow, gapless } from '../contract.ts';
import { leasesContract } from '../leases.ts';
import { any, appendTo, commitOf, exactly, noStream, timerRow } from '../controls.ts';

const database = useDatabase();

/** Two journals on one database stand for two processes: they share nothing else. */
let url: string;
let ours: PostgresJournal;
let theirs: PostgresJournal;
beforeEach(async () => {
  url = await database.url();
  [ours, theirs] = await Promise.all([openPostgresJournal(url), openPostgresJournal(url)]);
});
afterEach(() => Promise.all([ours.close(), theirs.close()]));

function positionsOf(heard: readonly RecordedEvent[]): readonly number[] {
  return heard.map(({ position }) => position);
}

leasesContract('PostgreSQL', async () => {
  const address = await database.url();
  const [one, other] = await Promise.all([openPostgresJournal(address), openPostgresJournal(address)]);
  return { one, other, later: pause, close: async () => void (await Promise.all([one.close(), other.close()])) };
});

it('is alone, or of several: while one process has it alone no other writes it, and the other way round', async () => {
  const address = await database.url();
  const several = await Promise.all([openPostgresJournal(address), openPostgresJournal(address)]);
  await expect(openPostgresJournal(address, 'alone')).rejects.toMatchObject({ fault: 'locked' });
  await Promise.all(several.map((journal) => journal.close()));
  const alone = await openPostgresJournal(address, 'alone');
  expect(alone.leases).toBeNull();
  await expect(openPostgresJournal(address)).rejects.toMatchObject({ fault: 'locked' });
  await alone.close();
});

describe('two processes on one journal', () => {
  it('set it up together, and find the same journal', async () => {
    expect(
      await database.query('select count(*)::int as heads from pg_class where relname = $1', ['head']),
    ).toHaveLength(1);
    await ours.commit(appendTo('s', noStream, 'E1'));
    expect(await theirs.readStream('s')).toMatchObject([{ type: 'E1', position: 1 }]);
  });

  it('number their commits gapless, and hide none from a reader that follows', async () => {
    const commits = (journal: PostgresJournal) =>
      Array.from({ length: 150 }, async (_, i) => {
        for (let turn = 0; turn < i % 30; turn++) await new Promise((resolve) => setImmediate(resolve));
        return journal.commit(appendTo(`s${i % 5}`, any, 'E'));
      });
    const committing = Promise.all([...commits(ours), ...commits(theirs)]);
    expect(await follow(ours, 300)).toEqual(gapless(300));
    expect((await committing).every(({ kind }) => kind === 'committed')).toBe(true);
  });

  it('fence each other by the version alone: the loser loses alone, with the version that is there', async () => {
    await ours.commit(appendTo('s', noStream, 'E1'));
    // From memory `ours` knows version 1; `theirs` makes it 2 meanwhile.
    await theirs.commit(appendTo('s', exactly(1), 'E2'));
    const [loser, other] = await Promise.all([
      ours.commit(appendTo('s', exactly(1), 'Stale')),
      ours.commit(appendTo('t', noStream, 'Other')),
    ]);
    expect(loser).toMatchObject({ kind: 'conflict', actual: 2 });
    expect(other).toMatchObject({ kind: 'committed', events: [{ position: 3 }] });
    expect(await ours.commit(appendTo('s', exactly(2), 'E3'))).toMatchObject({ kind: 'committed' });
  });

  it('let exactly one of many racing commits win', async () => {
    const race = [ours, theirs].flatMap((journal) =>
      Array.from({ length: 20 }, (_, i) => journal.commit(appendTo(`s${i}`, noStream, 'First'))),
    );
    const kinds = (await Promise.all(race)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'committed')).toHaveLength(20);
    expect(kinds.filter((kind) => kind === 'conflict')).toHaveLength(20);
  });

  it('take a message once, and both get the events of the first time', async () => {
    const step = { ...appendTo('s', any, 'E1', 'E2'), messageKey: 'key' };
    const results = await Promise.all([ours.commit(step), theirs.commit(step)]);
    expect(results.map(({ kind }) => kind).toSorted()).toEqual(['committed', 'duplicate']);
    const [first, second] = results.map((result) => ('events' in result ? result.events : []));
    expect(first).toEqual(second);
    expect(await ours.head()).toBe(2);
  });

  it('hear of all commits, their own and the others, each once and in position order', async () => {
    const heard: RecordedEvent[][] = [[], []];
    [ours, theirs].forEach((journal, i) => journal.onCommit((events) => heard[i]?.push(...events)));
    const journals = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? ours : theirs));
    await Promise.all(journals.map((journal, i) => journal.commit(appendTo(`s${i % 3}`, any, 'E', 'E'))));
    await eventually(() => heard.forEach((events) => expect(events).toHaveLength(120)));
    for (const events of heard) expect(positionsOf(events)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  });

  it('hear, once there is a connection again, what was committed while there was none', async () => {
    const heard: RecordedEvent[] = [];
    ours.onCommit((events) => heard.push(...events));
    await theirs.commit(appendTo('s', any, 'E1'));
    await eventually(() => expect(heard).toHaveLength(1));
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'cpns journal: listens'`,
    );
    await theirs.commit(appendTo('s', any, 'E2', 'E3'));
    await eventually(() => expect(positionsOf(heard)).toEqual([1, 2, 3]));
  });
});

describe('an unrelated transaction that stays open', () => {
  it('stalls neither commits nor readers nor listeners, and hides nothing from them', async () => {
    const stranger = await database.connect();
    await stranger.query('create table unrelated (id integer)');
    await stranger.query('begin isolation level serializable');
    await stranger.query('insert into unrelated values (1)');
    const heard: RecordedEvent[] = [];
    theirs.onCommit((events) => heard.push(...events));
    for (let i = 0; i < 20; i++) await ours.commit(appendTo('s', exactly(i), 'E'));
    await ours.commit(commitOf({ timers: { arm: [timerRow('t', 1)], disarm: [] } }));
    expect(await theirs.readAll()).toHaveLength(20);
    expect(await theirs.pendingTimers()).toHaveLength(1);
    await eventually(() => expect(heard).toHaveLength(20));
    expect((await stranger.query('select 1 from unrelated')).rowCount).toBe(1);
    await stranger.query('rollback');
  });
});

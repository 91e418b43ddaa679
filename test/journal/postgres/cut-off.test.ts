import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PostgresJournal } from '../../../journal/postgres/journal.ts';
import { openPostgresJournal } from '../../../journal/postgres/open.ts';
import { eventually, useDatabase } from '../../postgres/database.ts';
import { any, appendTo, exactly, noStream, outboxRow } from '../controls.ts';
import type { Proxy } from './proxy.ts';
import { startProxy } from './proxy.ts';

const database = useDatabase();

let url: string;
let proxy: Proxy;
let journal: PostgresJournal;
beforeEach(async () => {
  url = await database.url();
  proxy = await startProxy(new URL(url.replace('@/', '@x/')).searchParams.get('host') ?? '');
  journal = await openPostgresJournal(proxy.url(url));
});
afterEach(async () => {
  await journal.close();
  proxy.close();
});

/** Ends the connection that commits, as an operator does, or a server that restarts. */
async function terminate(): Promise<number> {
  const ended = await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'cpns journal: commits'`,
  );
  return ended.length;
}

it.each(['is lost before the server', 'is done and its answer lost'] as const)(
  'finds out, and commits once, when a commit %s',
  async (fate) => {
    await journal.commit(appendTo('s', noStream, 'E1'));
    proxy.fate = fate;
    const put = [outboxRow('o1')];
    const [first, second] = await Promise.all([
      journal.commit({ ...appendTo('s', exactly(1), 'E2', 'E3'), outbox: { put, settle: [] } }),
      journal.commit({ ...appendTo('t', noStream, 'T1'), messageKey: 'key' }),
    ]);
    expect(proxy.lost).toBe(1);
    expect(first).toMatchObject({ kind: 'committed', events: [{ position: 2 }, { position: 3 }] });
    expect(second).toMatchObject({ kind: 'committed', events: [{ position: 4 }] });
    expect((await journal.readAll()).map(({ type }) => type)).toEqual(['E1', 'E2', 'E3', 'T1']);
    expect(await journal.pendingOutbox()).toHaveLength(1);
    expect(await journal.commit(appendTo('s', exactly(3), 'E4'))).toMatchObject({ kind: 'committed' });
  },
);

it('finds out although another process has committed since', async () => {
  const other = await openPostgresJournal(url);
  proxy.fate = 'is done and its answer lost';
  const heard: number[] = [];
  const between = new Promise<void>((resolve) => {
    other.onCommit((events) => {
      for (const { position } of events) heard.push(position);
      // As soon as the other hears of the commit whose answer is lost it commits the same again, by itself.
      if (heard.length === 1) void other.commit(appendTo('s', any, 'E1')).then(() => resolve());
    });
  });
  const result = await journal.commit(appendTo('s', noStream, 'E1'));
  await between;
  expect(proxy.lost).toBe(1);
  expect(result).toMatchObject({ kind: 'committed', events: [{ position: 1, version: 1 }] });
  expect(await journal.readStream('s')).toHaveLength(2);
  await other.close();
});

/** Commits wait in the server, in the middle, until the gate is opened: a deferred trigger asks for a lock. */
async function gate() {
  await database.query('create table if not exists gate (id integer)');
  const schema = /search_path%3D(\w+)/.exec(url)?.[1] ?? '';
  await database.query(`create function ${schema}.wait() returns trigger language plpgsql as
    'begin lock table public.gate in share mode; return null; end'`);
  await database.query(`create constraint trigger wait after insert on ${schema}.events
    deferrable initially deferred for each row execute function ${schema}.wait()`);
  const keeper = await database.connect();
  await keeper.query('begin; lock table gate in exclusive mode');
  return {
    waiting: () =>
      eventually(async () => {
        const locks = await database.query("select 1 from pg_locks where relation = 'gate'::regclass and not granted");
        expect(locks).toHaveLength(1);
      }),
    open: () => keeper.query('rollback'),
  };
}

it('keeps nothing of a commit that is ended while the server is at it, and commits it once afterwards', async () => {
  const { waiting, open } = await gate();
  const committing = journal.commit(appendTo('s', noStream, 'E1'));
  await waiting();
  expect(await terminate()).toBe(1);
  expect(await journal.head()).toBe(0);
  await open();
  expect(await committing).toMatchObject({ kind: 'committed', events: [{ position: 1 }] });
  expect(await journal.readAll()).toHaveLength(1);
});

it('waits for the server to decide a commit that is under way when its connection is lost', async () => {
  const { waiting, open } = await gate();
  proxy.fate = 'is under way when it is lost';
  const committing = journal.commit(appendTo('s', noStream, 'E1'));
  await waiting();
  // The server has not noticed; the new connection waits for the head, which the lost transaction holds.
  await eventually(async () => {
    const heads = await database.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
       and query ilike '%"head"%for update%'`,
    );
    expect(heads).toHaveLength(1);
  });
  await open();
  expect(await committing).toMatchObject({ kind: 'committed', events: [{ position: 1 }] });
  expect(await journal.readAll()).toHaveLength(1);
});

it('commits each step once, in order, while its connections are ended again and again', async () => {
  let left = 4;
  const actor = async (stream: string): Promise<void> => {
    for (let i = 0; left > 0 || i < 5; i++) {
      expect((await journal.commit(appendTo(stream, exactly(i), `E${i}`))).kind).toBe('committed');
    }
  };
  const ending = (async () => {
    for (; left > 0; left--) {
      const before = await journal.head();
      await eventually(async () => expect(await journal.head()).toBeGreaterThan(before));
      await terminate();
    }
  })();
  const streams = ['a', 'b', 'c'];
  await Promise.all([ending, ...streams.map(actor)]);
  const head = await journal.head();
  const events = await journal.readAll({ limit: head + 1 });
  expect(events.map(({ position }) => position)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
  for (const stream of streams) {
    const own = events.filter((event) => event.stream === stream);
    expect(own.map(({ type }) => type)).toEqual(own.map((_, i) => `E${i}`));
  }
});

it('reads on although the connections for reads are ended', async () => {
  await journal.commit({ ...appendTo('s', noStream, 'E1'), messageKey: 'key' });
  for (const round of [1, 2]) {
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'cpns journal: %'`,
    );
    const reads = [journal.seen('key'), journal.readStream('s').then((events) => events.length === 1)];
    expect(await Promise.all(reads), `round ${round}`).toEqual([true, true]);
    await eventually(async () => expect(await journal.head()).toBe(1));
  }
});

it('hears of a commit whose announcement is lost, only later', async () => {
  const heard: number[] = [];
  journal.onCommit((events) => heard.push(...events.map(({ position }) => position)));
  const other = await openPostgresJournal(url);
  await other.commit(appendTo('s', any, 'E1'));
  await eventually(() => expect(heard).toEqual([1]));
  proxy.announcements = 'lost';
  await other.commit(appendTo('s', any, 'E2', 'E3'));
  await eventually(() => expect(proxy.lost).toBe(1));
  await eventually(() => expect(heard).toEqual([1, 2, 3]));
  expect(proxy.lost).toBe(1);
  await other.close();
});

import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import { appendTo, commitOf, eventOf, exactly, noStream } from '../controls.ts';
import { useFolder } from './folder.ts';

const file = useFolder();

it('puts the commits of one turn into one transaction', async () => {
  const journal = await openSqliteJournal(file());
  const heads = new Set<number>();
  journal.onCommit((events) => heads.add(events.at(-1)?.position ?? 0));
  await Promise.all(Array.from({ length: 100 }, (_, i) => journal.commit(appendTo(`s${i}`, noStream, 'E'))));
  expect([...heads]).toEqual([100]);
  await journal.close();
});

it('asks the database for the versions of streams that it has not written itself', async () => {
  const first = await openSqliteJournal(file());
  await first.commit(appendTo('s', noStream, 'E1', 'E2'));
  await first.close();
  const second = await openSqliteJournal(file());
  expect(await second.commit(appendTo('s', exactly(1), 'E'))).toMatchObject({ kind: 'conflict', actual: 2 });
  expect((await second.commit(appendTo('s', exactly(2), 'E3'))).kind).toBe('committed');
  await second.close();
});

it('remembers more streams than it keeps versions of', async () => {
  const journal = await openSqliteJournal(file());
  const streams = Array.from({ length: 20_000 }, (_, i) => `s${i}`);
  const appends = streams.map((stream) => ({ stream, expected: noStream, events: [eventOf('E1')] }));
  await journal.commit(commitOf({ appends }));
  const again = await Promise.all(['s0', 's19999'].map((stream) => journal.commit(appendTo(stream, exactly(1), 'E2'))));
  expect(again.map(({ kind }) => kind)).toEqual(['committed', 'committed']);
  await journal.close();
});

it('forgets the versions that it knows when somebody else has moved the head', async () => {
  const journal = await openSqliteJournal(file());
  await journal.commit(appendTo('s', noStream, 'E1'));
  await sql`insert into events select 2, stream, 2, 'E2', schema_version, data, message_id, correlation_id, causation_id,
    role, chart_id, chart_hash, cr_step, recorded_at, leaf from events`.execute(journal.writer);
  await sql`update head set position = 2`.execute(journal.writer);
  expect(await journal.commit(appendTo('s', exactly(1), 'Stale'))).toMatchObject({ kind: 'conflict', actual: 2 });
  const next = await journal.commit(appendTo('s', exactly(2), 'E3'));
  expect(next).toMatchObject({ kind: 'committed', events: [{ position: 3, version: 3 }] });
  await journal.close();
});

it('fails alone a step that the database refuses for a reason of its own, and says what reason', async () => {
  const journal = await openSqliteJournal(file());
  await sql`create trigger refuse before insert on events when new.type = 'Cursed'
    begin select raise(abort, 'the disk is on fire'); end`.execute(journal.writer);
  const results = await Promise.allSettled([
    journal.commit(appendTo('a', noStream, 'A1')),
    journal.commit(appendTo('b', noStream, 'B1', 'Cursed')),
    journal.commit(appendTo('b', exactly(2), 'Leaning')),
    journal.commit(appendTo('c', noStream, 'C1')),
  ]);
  expect(results).toMatchObject([
    { value: { kind: 'committed' } },
    { reason: { name: 'JournalError', fault: 'failed', message: expect.stringContaining('the disk is on fire') } },
    { value: { kind: 'conflict', actual: 0 } },
    { value: { kind: 'committed', events: [{ position: 2 }] } },
  ]);
  await journal.close();
});

it.each([
  ['versions of a stream', "select max(version) from events where stream = 's'", /SEARCH events.*\(stream=\?/],
  ['a stream', "select * from events where stream = 's' and version > 1 order by version", /SEARCH events/],
  ['a correlation', "select * from events where correlation_id = 'c' order by position", /events_of_correlation/],
  ['due timers', 'select * from timers order by due_at, stream, name limit 1', /timers_by_due_time/],
])('finds %s by an index, without sorting', async (_, query, plan) => {
  const journal = await openSqliteJournal(file());
  const { rows } = await sql<{ detail: string }>`explain query plan ${sql.raw(query)}`.execute(journal.writer);
  const details = rows.map((row) => row.detail).join('\n');
  expect(details).toMatch(plan);
  expect(details).not.toContain('TEMP B-TREE');
  await journal.close();
});

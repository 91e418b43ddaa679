import { describe, expect, it } from 'vitest';
import { JournalError } from '../../../journal/port.ts';
import type { JournalFault } from '../../../journal/port.ts';
import { openPostgresJournal, openPostgresReader } from '../../../journal/postgres/open.ts';
import { checkSettings } from '../../../journal/postgres/settings.ts';
import { useDatabase } from '../../postgres/database.ts';
import { PASSWORD } from '../../postgres/server.ts';
import { appendTo, exactly, noStream } from '../controls.ts';

const database = useDatabase();

/** The error says what is wrong with which journal in a sentence, what to do in another, and the password in none. */
async function refusal(opening: Promise<unknown>): Promise<JournalFault> {
  const error: unknown = await opening.then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof JournalError)) throw error;
  expect(error.message).toMatch(/^Journal postgres:\/\/.+: .+\.$/);
  expect(error.remedy).toMatch(/^[A-Z].+/);
  expect(`${error.message} ${error.remedy} ${error.stack} ${JSON.stringify(error)}`).not.toContain(PASSWORD);
  return error.fault;
}

const schemaOf = (url: string): string => /search_path%3D(\w+)/.exec(url)?.[1] ?? '';

async function createJournal(): Promise<string> {
  const url = await database.url();
  const journal = await openPostgresJournal(url);
  await journal.commit(appendTo('s', noStream, 'E1', 'E2'));
  await journal.close();
  return url;
}

describe('opening is refused', () => {
  it('where nobody listens, where the database is missing, and where the password is wrong', async () => {
    const url = await database.url();
    expect(await refusal(openPostgresJournal(`postgres://cpns:${PASSWORD}@127.0.0.1:1/db`))).toBe('unreachable');
    expect(await refusal(openPostgresJournal(url.replace(/@\/\w+/, '@/nowhere')))).toBe('missing');
    expect(await refusal(openPostgresJournal(url.replace(PASSWORD, 'wrong')))).toBe('denied');
    expect(await refusal(openPostgresReader(url.replace(PASSWORD, 'wrong')))).toBe('denied');
  });

  it('where the text is no address, without quoting it', async () => {
    const opening = openPostgresJournal(`postgres://cpns:${PASSWORD}@[nonsense/db`);
    await expect(opening).rejects.toMatchObject({ fault: 'missing', message: expect.not.stringContaining(PASSWORD) });
  });

  it('where the tables are of another program, and leaves them as they were', async () => {
    const url = await database.url();
    await database.query(`create table ${schemaOf(url)}.events (whatever text)`);
    expect(await refusal(openPostgresJournal(url))).toBe('corrupt');
    expect(await refusal(openPostgresReader(url))).toBe('corrupt');
    expect(
      await database.query('select relname from pg_class where relnamespace = $1::regnamespace', [schemaOf(url)]),
    ).toEqual([{ relname: 'events' }]);
  });

  it('where a later version has written it', async () => {
    const url = await createJournal();
    await database.query(`insert into ${schemaOf(url)}.kysely_migration values ('9999-later', '2030-01-01')`);
    expect(await refusal(openPostgresJournal(url))).toBe('newer');
    expect(await refusal(openPostgresReader(url))).toBe('newer');
  });

  it('where its head and its last event differ', async () => {
    const url = await createJournal();
    await database.query(`delete from ${schemaOf(url)}.events where position = 2`);
    expect(await refusal(openPostgresJournal(url))).toBe('corrupt');
  });

  it('where commits would be acknowledged before they are durable', async () => {
    const url = await database.url();
    const unsafe = url.replace('search_path', `synchronous_commit%3Doff%20-c%20search_path`);
    expect(await refusal(openPostgresJournal(unsafe))).toBe('unsafe');
  });

  it('for reading where no program has set it up', async () => {
    expect(await refusal(openPostgresReader(await database.url()))).toBe('corrupt');
  });
});

describe('settings', () => {
  const good = {
    server_version: '18.4',
    server_version_num: '180004',
    server_encoding: 'UTF8',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    wal_level: 'replica',
    in_hot_standby: 'off',
    ssl: 'false',
    local: 'true',
  };

  it('are kept as they were seen, for the record', async () => {
    const journal = await openPostgresJournal(await database.url());
    expect(journal.durability).toMatchObject({
      seen: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', server_encoding: 'UTF8', local: 'true' },
      warnings: [],
    });
    await journal.close();
  });

  it.each([
    ['unsafe', { fsync: 'off' }],
    ['unsafe', { synchronous_commit: 'off' }],
    ['unsafe', { server_encoding: 'SQL_ASCII' }],
    ['unsafe', { server_version: '14.9', server_version_num: '140009' }],
    ['readOnly', { in_hot_standby: 'on' }],
  ] as const)('are refused as %s where they are %j', (fault, setting) => {
    expect(() => checkSettings({ ...good, ...setting }, 'postgres://x/y')).toThrow(expect.objectContaining({ fault }));
  });

  it.each([
    [{ full_page_writes: 'off' }, 'full_page_writes'],
    [{ synchronous_commit: 'remote_write' }, 'remote_write'],
    [{ local: 'false' }, 'not encrypted'],
  ])('are warned of where they are %j', (setting, said) => {
    expect(checkSettings({ ...good, ...setting }, 'postgres://x/y').warnings).toEqual([expect.stringContaining(said)]);
  });
});

it('knows a message again whose key an older version had stored the other way round', async () => {
  const url = await createJournal();
  const schema = schemaOf(url);
  await database.query(`insert into ${schema}.inbox values ('pn/home#m1', 1, 2)`);
  await database.query(`insert into ${schema}.answers values ('pn/home#m1', 'a1', 's', '{}', 'c')`);
  await database.query(`delete from ${schema}.kysely_migration where name = '0008-message-keys'`);
  const journal = await openPostgresJournal(url);
  expect([await journal.seen('m1#pn/home'), await journal.seen('pn/home#m1')]).toEqual([true, false]);
  expect(await journal.answersTo('m1#pn/home')).toMatchObject([{ messageId: 'a1' }]);
  await journal.close();
});

it('reads beside the process that writes, and cannot be written through', async () => {
  const url = await createJournal();
  const reader = await openPostgresReader(url);
  expect(await reader.head()).toBe(2);
  expect((await reader.readStream('s')).map(({ type }) => type)).toEqual(['E1', 'E2']);
  await expect(reader.db.deleteFrom('events').execute()).rejects.toMatchObject({ fault: 'readOnly' });
  await reader.close();
  await expect(reader.head()).rejects.toMatchObject({ fault: 'closed' });
});

it('fails alone a step that the database refuses for a reason of its own, and says what reason', async () => {
  const url = await database.url();
  const journal = await openPostgresJournal(url);
  await database.query(`create function ${schemaOf(url)}.refuse() returns trigger language plpgsql as
    $$begin if new.type = 'Cursed' then raise 'the disk is on fire'; end if; return new; end$$`);
  await database.query(`create trigger refuse before insert on ${schemaOf(url)}.events
    for each row execute function ${schemaOf(url)}.refuse()`);
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

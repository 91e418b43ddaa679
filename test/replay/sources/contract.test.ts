import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../../journal/memory.ts';
import type { Journal } from '../../../journal/port.ts';
import { openPostgresJournal, openPostgresReader } from '../../../journal/postgres/open.ts';
import { openSqliteJournal, openSqliteReader } from '../../../journal/sqlite/open.ts';
import { BEFORE_ALL, type JournalSource } from '../../../replay/source.ts';
import { portSource } from '../../../replay/sources/port.ts';
import { sqlSource } from '../../../replay/sources/sql.ts';
import { any, commitOf, eventOf, metaOf } from '../../journal/controls.ts';
import { useDatabase } from '../../postgres/database.ts';

const STREAMS = ['pn/home', 'pn/office', 'registration/home/a', 'registration/home/b', 'pne/a'];

/** Ten events: each stream has two, each correlation id has those of one round. */
async function fill(journal: Journal): Promise<void> {
  for (const round of ['first', 'second'])
    for (const stream of STREAMS) {
      const events = [eventOf('RegistrationAnswered', { meta: metaOf({ correlationId: round }) })];
      await journal.commit(commitOf({ appends: [{ stream, expected: any, events }] }));
    }
}

interface Kind {
  readonly name: string;
  /** A filled journal as a source, which stays as it was when one more event is committed. */
  readonly open: () => Promise<{ readonly source: JournalSource; readonly close: () => Promise<void> }>;
}

const database = useDatabase();

/** One more event behind the moment at which the source was opened. */
const grow = (journal: Journal) =>
  journal.commit(commitOf({ appends: [{ stream: 'pn/zoo', expected: any, events: [eventOf('PnProvisioned')] }] }));

const KINDS: readonly Kind[] = [
  {
    name: 'a journal behind its port',
    open: async () => {
      const journal = new MemoryJournal();
      await fill(journal);
      const source = await portSource('memory', journal);
      await grow(journal);
      return { source, close: () => journal.close() };
    },
  },
  {
    name: 'a SQLite file',
    open: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'cpns-source-'));
      const path = join(folder, 'journal.sqlite');
      const journal = await openSqliteJournal(path);
      await fill(journal);
      const source = await sqlSource('file', await openSqliteReader(path));
      await grow(journal);
      return {
        source,
        close: async () => {
          await source.close();
          await journal.close();
          await rm(folder, { recursive: true });
        },
      };
    },
  },
  {
    name: 'a PostgreSQL database',
    open: async () => {
      const url = await database.url();
      const journal = await openPostgresJournal(url);
      await fill(journal);
      const source = await sqlSource('database', await openPostgresReader(url));
      await grow(journal);
      return {
        source,
        close: async () => {
          await source.close();
          await journal.close();
        },
      };
    },
  },
];

for (const { name, open } of KINDS) {
  describe(`${name}, as an auditor reads it`, () => {
    let opened: Awaited<ReturnType<Kind['open']>> | null = null;
    const source = (): JournalSource => {
      if (opened === null) throw new Error('not open');
      return opened.source;
    };
    beforeAll(async () => void (opened = await open()));
    afterAll(() => opened?.close());

    it('is read as it was when it was opened', async () => {
      expect(source().head).toMatchObject({ size: 10, last: 10 });
      const all = await source().stored({ after: BEFORE_ALL, limit: 100 });
      expect(all.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it('tells the events of a correlation id in their order, a page at a time', async () => {
      const page = await source().storedCorrelation('second', { after: 6, limit: 2 });
      expect(page.map(({ position, stream }) => [position, stream])).toEqual([
        [7, 'pn/office'],
        [8, 'registration/home/a'],
      ]);
      expect(await source().storedCorrelation('nobody', { after: BEFORE_ALL, limit: 2 })).toEqual([]);
    });

    it('tells the events of a stream by version', async () => {
      const events = await source().storedStream('pn/home', { after: 1, limit: 10 });
      expect(events.map(({ version, position }) => [version, position])).toEqual([[2, 6]]);
    });

    it('names its streams in their order, a page at a time', async () => {
      expect(await source().streams({ after: '', limit: 3 })).toEqual(['pn/home', 'pn/office', 'pne/a']);
      const rest = await source().streams({ after: 'pne/a', limit: 2 });
      expect(rest).toEqual(['registration/home/a', 'registration/home/b']);
      expect(await source().streams({ after: 'zzz', limit: 3 })).toEqual([]);
    });
  });
}

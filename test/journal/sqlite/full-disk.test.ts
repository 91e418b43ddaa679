import { expect, it } from 'vitest';
import { openSqliteJournal } from '../../../journal/sqlite/open.ts';
import type { Commit } from '../../../journal/port.ts';
import { any, appendTo, commitOf, eventOf, noStream, outboxRow } from '../controls.ts';
import { useFolder } from './folder.ts';

const file = useFolder();
/** A new journal takes some 20 pages. */
const PAGES = 60;
const BIG = 'x'.repeat(20_000);

function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

it('keeps nothing of the step that does not fit, loses nothing, and works again once there is room', async () => {
  const journal = await openSqliteJournal(file(), { maxPageCount: PAGES });
  await journal.commit(appendTo('s', noStream, 'E1'));
  const big = (i: number): Commit => ({
    ...appendTo('s', any, `Big${i}`),
    messageKey: `key-${i}`,
    outbox: { put: [outboxRow(`o${i}`, { payload: BIG })], settle: [] },
  });
  let stored = 0;
  let failure = await failureOf(journal.commit(big(stored)));
  for (; failure === null && stored < PAGES; failure = await failureOf(journal.commit(big(stored)))) stored++;
  expect(failure).toMatchObject({ name: 'JournalError', fault: 'full' });
  expect(stored).toBeGreaterThan(0);
  expect(await journal.head()).toBe(stored + 1);
  expect(await journal.pendingOutbox()).toHaveLength(stored);
  expect(await journal.seen(`key-${stored}`)).toBe(false);
  expect(await journal.outboxRow(`o${stored}`)).toBeNull();

  const settle = Array.from({ length: stored }, (_, i) => `o${i}`);
  expect((await journal.commit(commitOf({ outbox: { put: [], settle } }))).kind).toBe('committed');
  const again = await journal.commit({ ...appendTo('s', any, 'Again'), messageKey: `key-${stored}` });
  expect(again).toMatchObject({ kind: 'committed', events: [{ position: stored + 2, version: stored + 2 }] });
  await journal.close();

  const reopened = await openSqliteJournal(file());
  expect(await reopened.head()).toBe(stored + 2);
  await reopened.close();
});

it('fails the step that does not fit alone, and not the batch that it is in', async () => {
  const journal = await openSqliteJournal(file(), { maxPageCount: PAGES });
  const huge = eventOf('Huge', { data: { text: BIG.repeat(20) } });
  const results = await Promise.allSettled([
    journal.commit(appendTo('a', noStream, 'A1')),
    journal.commit(commitOf({ appends: [{ stream: 'b', expected: noStream, events: [huge] }] })),
    journal.commit(appendTo('c', noStream, 'C1')),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await journal.readAll()).map(({ type, position }) => [type, position])).toEqual([
    ['A1', 1],
    ['C1', 2],
  ]);
  await journal.close();
});

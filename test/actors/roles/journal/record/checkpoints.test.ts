import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Checkpoints } from '../../../../../actors/roles/journal/record/checkpoints.ts';
import { MemoryJournal, type MemoryFaults } from '../../../../../journal/memory.ts';
import { JournalError, type Journal } from '../../../../../journal/port.ts';
import { openNote } from '../../../../../security/transparency/signed-note.ts';
import { openPostgresJournal } from '../../../../../journal/postgres/open.ts';
import { any, commitOf, eventOf } from '../../../../journal/controls.ts';
import { eventually, useDatabase } from '../../../../postgres/database.ts';
import { processOn, signedSizes, signer } from './controls.ts';

const SETTINGS = { events: 100, intervalMs: 60_000 };

async function append(journal: Journal, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => eventOf('E'));
  await journal.commit(commitOf({ appends: [{ stream: 's', expected: any, events }] }));
}

/** Lets what was begun come to its end: everything here ends within a few turns. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn();
}

async function running(faults: MemoryFaults = {}) {
  const journal = new MemoryJournal({ faults });
  const process = processOn(journal);
  return { ...process, checkpoints: await Checkpoints.start(process, signer, SETTINGS) };
}

describe('a running role with a key', () => {
  it('signs after so many events', async () => {
    const { journal, checkpoints } = await running();
    await append(journal, 99);
    await settle();
    expect(await signedSizes(journal)).toEqual([]);
    await append(journal, 1);
    await settle();
    expect(await signedSizes(journal)).toEqual([100]);
    await append(journal, 250);
    await settle();
    expect(await signedSizes(journal)).toEqual([100, 351]);
    await checkpoints.stop();
  });

  it('signs when the time is over since the first event that no checkpoint covers, and nothing while there is none', async () => {
    const { journal, clock, checkpoints } = await running();
    clock.advance(10 * SETTINGS.intervalMs);
    await append(journal, 1);
    clock.advance(SETTINGS.intervalMs - 1);
    await settle();
    expect(await signedSizes(journal)).toEqual([]);
    clock.advance(1);
    await settle();
    expect(await signedSizes(journal)).toEqual([1]);
    clock.advance(10 * SETTINGS.intervalMs);
    await settle();
    expect(await signedSizes(journal)).toEqual([1]);
    await checkpoints.stop();
  });

  it('signs at its end what it has not signed yet, and no checkpoint that would add nothing', async () => {
    const { journal, checkpoints, clock } = await running();
    await append(journal, 5);
    await checkpoints.stop();
    expect([await signedSizes(journal), clock.nextDue()]).toEqual([[5], null]);
    const again = processOn(journal, clock);
    await (await Checkpoints.start(again, signer, SETTINGS)).stop();
    expect(await signedSizes(journal)).toEqual([5]);
  });

  it('covers by the next one what was committed while one was signed', async () => {
    const { journal, clock, checkpoints } = await running();
    await append(journal, 10);
    const signing = checkpoints.covering(10);
    await append(journal, 5);
    await signing;
    const sizes = await signedSizes(journal);
    expect(sizes).toHaveLength(1);
    clock.advance(SETTINGS.intervalMs);
    await settle();
    expect(await signedSizes(journal)).toEqual([...sizes, 16]);
    await checkpoints.stop();
  });

  it('signs what a former process left unsigned', async () => {
    const journal = new MemoryJournal();
    await append(journal, 500);
    const process = processOn(journal);
    const checkpoints = await Checkpoints.start(process, signer, SETTINGS);
    await settle();
    expect(await signedSizes(journal)).toEqual([500]);
    await checkpoints.stop();
  });

  it('works on when its journal refuses a checkpoint, tells it, and tries again when the interval is over', async () => {
    let full = false;
    const beforeCommit = (write: { readonly events: readonly { readonly type: string }[] }): void => {
      if (full && write.events.some(({ type }) => type === 'CheckpointSigned'))
        throw new JournalError('full', 'The disk is full.', 'Make room.');
    };
    const { journal, clock, log, checkpoints } = await running({ beforeCommit });
    full = true;
    await append(journal, 100);
    await settle();
    await append(journal, 100);
    await settle();
    expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'no checkpoint could be signed' },
    ]);
    full = false;
    clock.advance(SETTINGS.intervalMs);
    await settle();
    expect(await signedSizes(journal)).toEqual([200]);
    await checkpoints.stop();
  });
});

describe('a checkpoint on demand', () => {
  it('is the newest one where that covers the position, or one for all who wait', async () => {
    const { journal, checkpoints, clock } = await running();
    await append(journal, 10);
    const notes = await Promise.all([3, 10, 7].map((position) => checkpoints.covering(position)));
    expect(notes.map((note) => note?.size)).toEqual([10, 10, 10]);
    expect(openNote(notes[0]?.note ?? '', signer.verifier)).toMatchObject({ kind: 'signed' });
    await append(journal, 1);
    const next = checkpoints.covering(12);
    await settle();
    expect(await signedSizes(journal)).toEqual([10]);
    clock.advance(2_000);
    expect((await next)?.size).toBe(12);
    expect(await checkpoints.covering(5)).toMatchObject({ size: 12 });
    await checkpoints.stop();
  });

  it('is not there for what is not in the journal, nor after the end', async () => {
    const { journal, checkpoints, clock } = await running();
    await append(journal, 10);
    const none = checkpoints.covering(99);
    await settle();
    clock.advance(2_000);
    expect(await none).toBeNull();
    await checkpoints.stop();
    expect(await checkpoints.covering(99)).toBeNull();
    expect(await signedSizes(journal)).toEqual([10]);
  });
});

describe('several processes on one journal', () => {
  const database = useDatabase();

  it('count from the newest checkpoint of any of them, and none is signed twice', { timeout: 60_000 }, async () => {
    const url = await database.url();
    const journals = await Promise.all([openPostgresJournal(url), openPostgresJournal(url), openPostgresJournal(url)]);
    const processes = journals.map((journal) => processOn(journal));
    const all = await Promise.all(processes.map((process) => Checkpoints.start(process, signer, SETTINGS)));
    const [first] = journals;
    if (first === undefined) throw new Error('There is no first journal.');
    for (let i = 0; i < 5; i++) {
      await Promise.all(journals.map((journal) => append(journal, 40)));
      const atLeast = (i + 1) * 100;
      await eventually(async () => expect((await signedSizes(first)).at(-1)).toBeGreaterThanOrEqual(atLeast));
    }
    await Promise.all(all.map((one) => one.stop()));
    const sizes = await signedSizes(first);
    expect(new Set(sizes).size).toBe(sizes.length);
    expect(sizes).toEqual(sizes.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect(sizes.length).toBeLessThan(16);
    expect((await first.head()) - (sizes.at(-1) ?? 0)).toBe(1);
    for (const { log } of processes) expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    await Promise.all(journals.map((journal) => journal.close()));
  });
});

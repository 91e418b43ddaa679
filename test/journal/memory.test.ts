import { expect, it } from 'vitest';
import { SimulatedClock } from '../../seams/clock.ts';
import type { MemoryFaults } from '../../journal/memory.ts';
import { MemoryDisk, MemoryJournal } from '../../journal/memory.ts';
import { JournalError, Line } from '../../journal/port.ts';
import { journalContract } from './contract.ts';
import { any, appendTo, exactly, noStream } from './controls.ts';
import { leasesContract } from './leases.ts';

journalContract('memory', async () => {
  const disk = new MemoryDisk();
  return {
    open: async () => new MemoryJournal({ disk }),
    stranger: async () => async () => {},
    dispose: async () => {},
  };
});

leasesContract('memory', async () => {
  const disk = new MemoryDisk();
  const clock = new SimulatedClock();
  const [one, other] = [new MemoryJournal({ disk, shared: clock }), new MemoryJournal({ disk, shared: clock })];
  return { one, other, later: async (ms) => clock.advance(ms), close: async () => {} };
});

it('is of several processes where each opened it so: they fence and hear each other', async () => {
  const shared = new SimulatedClock();
  const disk = new MemoryDisk();
  const [ours, theirs] = [new MemoryJournal({ disk, shared }), new MemoryJournal({ disk, shared })];
  const heard: number[] = [];
  theirs.onCommit((events) => heard.push(...events.map(({ position }) => position)));
  const racing = await Promise.all([
    ours.commit(appendTo('s', noStream, 'E1')),
    theirs.commit(appendTo('s', noStream, 'Loser')),
    theirs.commit(appendTo('t', noStream, 'E2')),
  ]);
  expect(racing.map(({ kind }) => kind)).toEqual(['committed', 'conflict', 'committed']);
  await ours.commit(appendTo('s', exactly(1), 'E3'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([1, 2, 3]);
  await ours.close();
  expect(await theirs.head()).toBe(3);
});

const full = new JournalError('full', 'The disk is full.', 'Make room.');

it('keeps nothing of a step that meets a full disk, and works again once there is room', async () => {
  let room = 0;
  const faults: MemoryFaults = {
    beforeCommit: ({ to }) => {
      if (to.position > room) throw full;
    },
  };
  const journal = new MemoryJournal({ faults });
  await expect(journal.commit(appendTo('s', noStream, 'E1'))).rejects.toBe(full);
  room = 1;
  const kinds = await Promise.allSettled([
    journal.commit(appendTo('s', noStream, 'E1')),
    journal.commit(appendTo('t', noStream, 'Too', 'Many')),
    journal.commit(appendTo('s', exactly(1))),
  ]);
  expect(kinds.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await journal.head()).toBe(1);
});

it('asks a store that is away once for a whole batch, and not for each commit of it', async () => {
  let asked = 0;
  const faults: MemoryFaults = {
    beforeCommit: () => {
      asked += 1;
      throw new JournalError('unreachable', 'The server is away.', 'Bring it back.');
    },
  };
  const journal = new MemoryJournal({ faults });
  const calls = Array.from({ length: 20 }, (_, i) => journal.commit(appendTo(`s${i}`, noStream, 'E')));
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'rejected'));
  expect(asked).toBe(1);
});

it('keeps what was committed when the process dies before it hears of it, and does it once', async () => {
  const disk = new MemoryDisk();
  const step = { ...appendTo('s', noStream, 'E1'), messageKey: 'key' };
  const died = new Error('killed');
  const faults: MemoryFaults = {
    afterCommit: () => {
      throw died;
    },
  };
  await expect(new MemoryJournal({ disk, faults }).commit(step)).rejects.toBe(died);
  const restarted = new MemoryJournal({ disk });
  expect((await restarted.commit(step)).kind).toBe('duplicate');
  expect(await restarted.head()).toBe(1);
});

it('does not try a batch again of which it is unknown whether it was kept', async () => {
  const disk = new MemoryDisk();
  const faults: MemoryFaults = {
    afterCommit: () => {
      throw new Error('killed');
    },
  };
  const journal = new MemoryJournal({ disk, faults });
  const calls = [journal.commit(appendTo('s', any, 'E1')), journal.commit(appendTo('s', any, 'E2'))];
  expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await journal.head()).toBe(2);
});

it('fences a journal whose disk another one has taken over', async () => {
  const disk = new MemoryDisk();
  const former = new MemoryJournal({ disk });
  const lost = former.commit(appendTo('s', noStream, 'Lost'));
  const latter = new MemoryJournal({ disk });
  await expect(lost).rejects.toMatchObject({ fault: 'closed' });
  expect(await latter.head()).toBe(0);
});

it('refuses work when 16,384 commits wait already, and what leans on it', async () => {
  const journal = new MemoryJournal();
  const calls = Array.from({ length: 16_384 }, () => journal.commit(appendTo('s', any)));
  const line = new Line();
  await expect(journal.commit({ ...appendTo('s', any), line })).rejects.toMatchObject({ fault: 'failed' });
  expect(new Set((await Promise.all(calls)).map(({ kind }) => kind))).toEqual(new Set(['committed']));
  expect(await journal.commit({ ...appendTo('s', any, 'Leaning'), line })).toEqual({ kind: 'lineBroken' });
});

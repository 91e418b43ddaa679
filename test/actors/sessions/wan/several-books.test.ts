import { streamOf } from '../../../../machines/streams.ts';
import { expect, test } from 'vitest';
import { SimulatedClock } from '../../../../seams/clock.ts';
import { SeededEntropy } from '../../../../seams/entropy.ts';
import { RecordedLog } from '../../../../seams/log.ts';
import { openSessionBook, SETTLED_MS } from '../../../../actors/sessions/wan/session-book.ts';
import { MemoryDisk, MemoryJournal } from '../../../../journal/memory.ts';
import { gatewayRegistration } from '../../../../machines/cpns-server/gateway-registration.ts';
import { createKeyring } from '../../../../security/keyring.ts';

const PROCESSES = 8;
const clock = new SimulatedClock();
const entropy = new SeededEntropy('several books');
const bytes = (length: number): Uint8Array => entropy.bytes(length);
const keyring = createKeyring({ kek: bytes(32), bytes });

/** Every claim is in the journal. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const open = (disk: MemoryDisk) =>
  openSessionBook({
    journal: new MemoryJournal({ disk, shared: clock, schedule: setImmediate }),
    keyring,
    log: new RecordedLog(),
    clock,
    chart: gatewayRegistration,
    streamOf: (gatewayId) => streamOf('cpns-server/gateway-registration', { gatewayId }),
    changedBy: [],
  });

test('processes that begin, and take over, at the same moment never number a frame alike', async () => {
  const disk = new MemoryDisk();
  const books = await Promise.all(Array.from({ length: PROCESSES }, () => open(disk)));
  const first = books.map((book) => book.nextNumber().start);
  expect(first.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  for (const book of books) book.takeOver(() => true);
  // Whoever asks for a session of a PN GW waits until its frames are numbered anew.
  await Promise.all(books.map((book) => book.peer('hub')));
  const next = books.map((book) => book.nextNumber());
  expect(new Set(next.map(({ start }) => start)).size).toBe(PROCESSES);
  expect(Math.min(...next.map(({ start }) => start))).toBe(PROCESSES + 1);
  expect(next.every(({ counter }) => counter === 0)).toBe(true);
});

test('a process that claimed its numbers later than the one that took over is not above it for good', async () => {
  const disk = new MemoryDisk();
  const [owner, late] = [await open(disk), await open(disk)];
  owner.takeOver(() => true);
  await settled();
  // It saw the ring before that change, and speaks to the PN GW until its lease runs out.
  late.takeOver(() => true);
  await settled();
  expect(owner.nextNumber().start).toBeLessThan(late.nextNumber().start);
  late.giveUp();
  clock.advance(SETTLED_MS);
  await settled();
  expect(owner.nextNumber().start).toBeGreaterThan(late.nextNumber().start);
});

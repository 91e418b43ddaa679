import { expect, test } from 'vitest';
import { openKeyring } from '../../../../../actors/roles/journal/keyring/open.ts';
import { seal } from '../../../../../security/aead.ts';
import { concat, utf8 } from '../../../../../security/bytes.ts';
import { kekIdOf } from '../../../../../security/keyring.ts';
import { MemoryDisk, MemoryJournal } from '../../../../../journal/memory.ts';
import { commitOf } from '../../../../journal/controls.ts';
import { bytes, hold, kek, keyringUnder, openedBy, seamsOf } from './controls.ts';

const never = (): Uint8Array => {
  throw new Error('no key may be made');
};
const journalOn = (disk: MemoryDisk) => new MemoryJournal({ disk });
const contentOf = (disk: MemoryDisk): string => JSON.stringify([disk.events, [...disk.keys], disk.head]);

test('a new journal takes the key that is given, and says so in its first event', async () => {
  const disk = new MemoryDisk();
  const opening = await openKeyring(seamsOf(journalOn(disk)), [kek(1)], never);
  expect(opening).toMatchObject({ kind: 'opened', keyring: { kekId: kekIdOf(kek(1)) } });
  const [event] = await journalOn(disk).readStream('keyring');
  expect(event).toMatchObject({ position: 1, type: 'KeyringCreated', data: { kekId: kekIdOf(kek(1)) } });
});

test('a new journal has one made where none is there, and is opened with it from then on', async () => {
  const disk = new MemoryDisk();
  await openKeyring(seamsOf(journalOn(disk)), [], () => kek(1));
  const before = contentOf(disk);
  expect(await openKeyring(seamsOf(journalOn(disk)), [kek(1)], never)).toMatchObject({ kind: 'opened' });
  expect(contentOf(disk)).toBe(before);
});

test('another key is refused and told by its id, and nothing is written', async () => {
  const disk = new MemoryDisk();
  await openKeyring(seamsOf(journalOn(disk)), [kek(1)], never);
  await hold(journalOn(disk), keyringUnder(1), ['session/a']);
  const before = contentOf(disk);
  expect(await openKeyring(seamsOf(journalOn(disk)), [kek(2)], never)).toEqual({
    kind: 'other',
    expected: kekIdOf(kek(1)),
    given: [kekIdOf(kek(2))],
  });
  expect(contentOf(disk)).toBe(before);
});

test('a missing key is not made anew beside a journal that has one, and nothing is written', async () => {
  const disk = new MemoryDisk();
  await openKeyring(seamsOf(journalOn(disk)), [kek(1)], never);
  const before = contentOf(disk);
  expect(await openKeyring(seamsOf(journalOn(disk)), [], never)).toEqual({
    kind: 'missing',
    expected: kekIdOf(kek(1)),
  });
  expect(contentOf(disk)).toBe(before);
});

test('two processes that begin one journal agree on one key', async () => {
  const journal = new MemoryJournal({ schedule: setImmediate });
  const openings = await Promise.all([1, 2].map((n) => openKeyring(seamsOf(journal), [kek(n)], never)));
  expect(openings.map(({ kind }) => kind)).toEqual(['opened', 'other']);
});

test('a journal of the first version is taken over with the key that opens its keys, and with no other', async () => {
  const journal = new MemoryJournal();
  const nonce = bytes(12);
  const sealed = seal(kek(1), nonce, concat(utf8('CPNS keyring'), utf8('session/a')), utf8('session/a'));
  const wrapped = concat(Uint8Array.of(1), nonce, sealed);
  await journal.commit(commitOf({ keys: { put: [{ id: 'session/a', wrapped }], drop: [] } }));
  expect(await openKeyring(seamsOf(journal), [], never)).toEqual({ kind: 'missing', expected: null });
  expect(await openKeyring(seamsOf(journal), [kek(2)], never)).toMatchObject({ kind: 'other', expected: null });
  expect(await journal.head()).toBe(0);
  expect(await openKeyring(seamsOf(journal), [kek(1)], never)).toMatchObject({ kind: 'opened' });
  expect(await openedBy(journal, keyringUnder(1))).toEqual(['session/a']);
  expect(await openKeyring(seamsOf(journal), [kek(2)], never)).toMatchObject({ kind: 'other' });
});

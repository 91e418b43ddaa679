import { expect, test } from 'vitest';
import { openKeyring } from '../../../../../actors/roles/journal/keyring/open.ts';
import { KEYS_PER_COMMIT, rotateKeyring } from '../../../../../actors/roles/journal/keyring/rotate.ts';
import { MemoryDisk, MemoryJournal } from '../../../../../journal/memory.ts';
import { JournalError, type RecordedEvent } from '../../../../../journal/port.ts';
import { kekIdOf } from '../../../../../security/keyring.ts';
import { commitOf } from '../../../../journal/controls.ts';
import { hold, kek, keyringUnder, openedBy, seamsOf } from './controls.ts';

const IDS = Array.from({ length: 2 * KEYS_PER_COMMIT + 10 }, (_, n) => `session/${String(n).padStart(4, '0')}`);
const KEKS = { from: kek(1), to: kek(2) };
const [FROM, TO] = [kekIdOf(kek(1)), kekIdOf(kek(2))];
const fail = (): Uint8Array => {
  throw new Error('no key may be made');
};

async function prepared(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const journal = new MemoryJournal({ disk });
  await openKeyring(seamsOf(journal), [kek(1)], fail);
  await hold(journal, keyringUnder(1), IDS);
  return disk;
}

const eventsOf = (disk: MemoryDisk) =>
  disk.events.map((text): RecordedEvent => JSON.parse(text)).map(({ type, data }) => ({ type, data }));

test('wraps every key anew, in bounded commits, and says from which to which and how many', async () => {
  const disk = await prepared();
  const sizes: number[] = [];
  const faults = { beforeCommit: ({ keys }: { keys: { put: readonly object[] } }) => void sizes.push(keys.put.length) };
  const journal = new MemoryJournal({ disk, faults });
  const rotated = { fromKekId: FROM, toKekId: TO, keys: IDS.length };
  expect(await rotateKeyring(seamsOf(journal), KEKS)).toEqual({ kind: 'rotated', ...rotated });
  expect(sizes).toEqual([0, KEYS_PER_COMMIT, KEYS_PER_COMMIT, 10, 0]);
  expect(await openedBy(journal, keyringUnder(2))).toEqual(IDS);
  expect(await openedBy(journal, keyringUnder(1))).toEqual([]);
  expect(eventsOf(disk).slice(1)).toEqual([
    { type: 'KeyRotationStarted', data: { fromKekId: FROM, toKekId: TO } },
    { type: 'KeyEncryptionKeyRotated', data: rotated },
  ]);
});

test('with the new key in force already is told apart from a failure, and changes nothing', async () => {
  const disk = await prepared();
  await rotateKeyring(seamsOf(new MemoryJournal({ disk })), KEKS);
  const before = disk.head;
  expect(await rotateKeyring(seamsOf(new MemoryJournal({ disk })), KEKS)).toEqual({ kind: 'already', toKekId: TO });
  expect(disk.head).toEqual(before);
});

test("from a key that is not the journal's, or to another one than was begun, changes nothing", async () => {
  const disk = await prepared();
  const seams = seamsOf(new MemoryJournal({ disk }));
  expect(await rotateKeyring(seams, { from: kek(3), to: kek(2) })).toEqual({
    kind: 'other',
    expected: FROM,
    next: null,
  });
  await expect(rotateKeyring(seams, KEKS, () => Promise.reject(new Error('power cut')))).rejects.toThrow('power cut');
  const before = disk.head;
  expect(await rotateKeyring(seams, { from: kek(1), to: kek(3) })).toEqual({ kind: 'other', expected: FROM, next: TO });
  expect(disk.head).toEqual(before);
});

test('a key that is damaged stops it before the end, by name; destroyed, it stops nothing', async () => {
  const disk = await prepared();
  const journal = new MemoryJournal({ disk });
  const wrapped = (await journal.wrappedKey('session/0300')) ?? new Uint8Array();
  const put = [{ id: 'session/0300', wrapped: wrapped.with(40, (wrapped[40] ?? 0) ^ 1) }];
  await journal.commit(commitOf({ keys: { put, drop: [] } }));
  expect(await rotateKeyring(seamsOf(journal), KEKS)).toEqual({ kind: 'damaged', keyId: 'session/0300' });
  await journal.commit(commitOf({ keys: { put: [], drop: ['session/0300'] } }));
  expect(await rotateKeyring(seamsOf(journal), KEKS)).toMatchObject({ kind: 'rotated', keys: IDS.length - 1 });
});

/** Five commits: the start, three pages, the end; the process dies before or after each of them. */
const DEATHS = [1, 2, 3, 4, 5].flatMap((commit) => [
  { commit, when: 'beforeCommit' as const },
  { commit, when: 'afterCommit' as const },
]);

test.each(DEATHS)(
  'killed at commit $commit, $when: with both keys all opens, and the next run ends it',
  async (death) => {
    const disk = await prepared();
    let commits = 0;
    const die = (): void => {
      commits += 1;
      if (commits === death.commit) throw new JournalError('closed', 'The process has died.', 'Start it again.');
    };
    const dying = new MemoryJournal({ disk, faults: { [death.when]: die } });
    await expect(rotateKeyring(seamsOf(dying), KEKS)).rejects.toMatchObject({ fault: 'closed' });

    const journal = new MemoryJournal({ disk });
    const opening = await openKeyring(seamsOf(journal), [kek(1), kek(2)], fail);
    if (opening.kind !== 'opened') throw new Error(opening.kind);
    expect(await openedBy(journal, opening.keyring)).toEqual(IDS);
    const underWay = eventsOf(disk).at(-1)?.type === 'KeyRotationStarted';
    for (const alone of underWay ? [kek(1), kek(2)] : []) {
      expect(await openKeyring(seamsOf(journal), [alone], fail)).toEqual({
        kind: 'rotating',
        fromKekId: FROM,
        toKekId: TO,
      });
    }

    const again = await rotateKeyring(seamsOf(new MemoryJournal({ disk })), KEKS);
    expect(['rotated', 'already']).toContain(again.kind);
    expect(await openedBy(new MemoryJournal({ disk }), keyringUnder(2))).toEqual(IDS);
    const types = eventsOf(disk).map(({ type }) => type);
    expect(types).toEqual(['KeyringCreated', 'KeyRotationStarted', 'KeyEncryptionKeyRotated']);
  },
);

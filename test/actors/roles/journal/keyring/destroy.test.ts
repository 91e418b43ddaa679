import { expect, test } from 'vitest';
import { destroyKey } from '../../../../../actors/roles/journal/keyring/destroy.ts';
import { openKeyring } from '../../../../../actors/roles/journal/keyring/open.ts';
import { MemoryJournal } from '../../../../../journal/memory.ts';
import { hold, kek, keyringUnder, openedBy, seamsOf } from './controls.ts';

test('a key that is destroyed is gone with the event that says so, and no other is', async () => {
  const journal = new MemoryJournal();
  const seams = seamsOf(journal);
  await openKeyring(seams, [], () => kek(1));
  await hold(journal, keyringUnder(1), ['session/a', 'subject/b']);
  expect(await destroyKey(seams, 'subject/b', 'erasure')).toBe('destroyed');
  expect(await openedBy(journal, keyringUnder(1))).toEqual(['session/a']);
  const [, event] = await journal.readStream('keyring');
  expect(event).toMatchObject({ type: 'KeyDestroyed', data: { keyId: 'subject/b', reason: 'erasure' } });
});

test('a key that is not there is no event', async () => {
  const journal = new MemoryJournal();
  await openKeyring(seamsOf(journal), [], () => kek(1));
  expect(await destroyKey(seamsOf(journal), 'session/a', 'retired')).toBe('absent');
  expect(await journal.head()).toBe(1);
});

test('two that destroy the same key at once make one event of it', async () => {
  const journal = new MemoryJournal({ schedule: setImmediate });
  await openKeyring(seamsOf(journal), [], () => kek(1));
  await hold(journal, keyringUnder(1), ['session/a', 'session/b']);
  const ids = ['session/a', 'session/a', 'session/b'];
  const results = await Promise.all(ids.map((id) => destroyKey(seamsOf(journal), id, 'compromised')));
  expect(results).toEqual(['destroyed', 'absent', 'destroyed']);
  expect(await journal.head()).toBe(3);
});

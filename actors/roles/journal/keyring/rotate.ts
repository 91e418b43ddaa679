import type { KeyringEvent } from '../../../../events/vocabulary/journal/keyring.ts';
import { createKeyring, kekIdIn, kekIdOf, type Keyring } from '../../../../security/keyring.ts';
import type { JournalSeams } from '../journal-actor.ts';
import { keyringState, keyringStep } from './stream.ts';

/** Keys of one transaction: some 5 ms of SQLite's work. */
export const KEYS_PER_COMMIT = 256;

/**
 * `rotated`: every key of the journal is under the new key. `already`: it was before. `damaged`: a key opens under
 * neither, and nothing can wrap it anew; those before it are under the new key. `other`: the keys given are not those
 * of the journal, or of the rotation that was begun.
 */
export type Rotation =
  | { readonly kind: 'rotated'; readonly fromKekId: string; readonly toKekId: string; readonly keys: number }
  | { readonly kind: 'already'; readonly toKekId: string }
  | { readonly kind: 'damaged'; readonly keyId: string }
  | { readonly kind: 'other'; readonly expected: string | null; readonly next: string | null };

/**
 * Wraps every key of a journal anew, under another key-encryption key. May die between any two instructions and be run
 * again with the same two keys: it goes on where it was.
 * @param beforeEnd what else is under the former key has to be wrapped anew by now
 */
export async function rotateKeyring(
  seams: JournalSeams,
  keks: { readonly from: Uint8Array; readonly to: Uint8Array },
  beforeEnd: (keyring: Keyring) => void | Promise<void> = () => {},
): Promise<Rotation> {
  const fromKekId = kekIdOf(keks.from);
  const toKekId = kekIdOf(keks.to);
  const bytes = (length: number): Uint8Array => seams.entropy.bytes(length);
  const keyring = createKeyring({ kek: keks.to, also: [keks.from], bytes });
  const { kekId, nextKekId } = (await keyringState(seams.journal)).context;
  if (kekId === toKekId && nextKekId === null) return { kind: 'already', toKekId };
  if (kekId !== fromKekId || (nextKekId !== null && nextKekId !== toKekId))
    return { kind: 'other', expected: kekId, next: nextKekId };

  const say = (event: KeyringEvent): Promise<void> => step(seams, keyring, () => event);
  if (nextKekId === null) await say({ type: 'KeyRotationStarted', data: { fromKekId, toKekId } });
  let after = '';
  let keys = 0;
  for (;;) {
    const page = await seams.journal.wrappedKeys({ after, limit: KEYS_PER_COMMIT });
    const due = page.filter(({ wrapped }) => kekIdIn(wrapped) !== toKekId);
    const damaged = due.find(({ id, wrapped }) => keyring.unwrap(id, wrapped) === null);
    if (damaged !== undefined) return { kind: 'damaged', keyId: damaged.id };
    if (due.length > 0) {
      await step(seams, keyring, (rows) => {
        for (const { id, wrapped } of due) {
          const secret = keyring.unwrap(id, wrapped);
          if (secret !== null) rows.put(id, secret);
        }
        return null;
      });
    }
    keys += page.length;
    after = page.at(-1)?.id ?? after;
    if (page.length < KEYS_PER_COMMIT) break;
  }
  await beforeEnd(keyring);
  await say({ type: 'KeyEncryptionKeyRotated', data: { fromKekId, toKekId, keys } });
  await seams.journal.forgetDropped();
  return { kind: 'rotated', fromKekId, toKekId, keys };
}

/** @throws Error where the keyring has changed: a rotation has the journal to itself */
async function step(seams: JournalSeams, keyring: Keyring, work: Parameters<typeof keyringStep>[2]): Promise<void> {
  const { kind } = await keyringStep(seams, keyring, work);
  if (kind === 'conflict') throw new Error('The keyring was changed by another process meanwhile; run it again.');
}

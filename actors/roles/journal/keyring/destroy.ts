import type { KeyringEvent } from '../../../../events/vocabulary/journal/keyring.ts';
import { KEYLESS, type JournalSeams } from '../journal-actor.ts';
import { keyringStep } from './stream.ts';

export type DestructionReason = Extract<KeyringEvent, { readonly type: 'KeyDestroyed' }>['data']['reason'];

/** Others of the same journal may have changed its keyring in between. */
export const MAX_ATTEMPTS = 16;

/**
 * Destroys one key: its row and the event in one commit. `forgetDropped` then takes its bytes out of the files of the journal,
 * where the journal can; where it cannot, a change of the key-encryption key does.
 * @returns `absent` when there is no such key: nothing is written then
 * @throws JournalError
 */
export async function destroyKey(
  seams: JournalSeams,
  keyId: string,
  reason: DestructionReason,
): Promise<'destroyed' | 'absent'> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if ((await seams.journal.wrappedKey(keyId)) === null) return 'absent';
    const result = await keyringStep(seams, KEYLESS, (keys) => {
      keys.drop(keyId);
      return { type: 'KeyDestroyed', data: { keyId, reason } };
    });
    if (result.kind !== 'conflict') return 'destroyed';
  }
  throw new Error(`The keyring changed ${MAX_ATTEMPTS} times while ${keyId} was to be destroyed.`);
}

import { subject } from '../../../../machines/cpns-server/subject.ts';
import type { KeyReader } from '../../../../journal/port.ts';
import { draftOf, KEYLESS, type JournalSeams } from '../../journal/journal-actor.ts';
import { MAX_ATTEMPTS } from '../../journal/keyring/destroy.ts';
import { streamOf, KEYRING_STREAM } from '../../../../machines/streams.ts';

/** Keys of one subject that are destroyed in one commit; hardly any has more than one. */
const MAX_KEYS = 16;

/** `already`: erased before, and nothing was told since. `unknown`: nothing was ever told. */
export type Erasure = { readonly kind: 'erased' | 'already'; readonly keyId: string } | { readonly kind: 'unknown' };

/**
 * Erases what is personal about a device: the key of the subject goes with the two events that say so in one commit. As for
 * `destroyKey`, `forgetDropped` then takes its bytes out of the files of the journal, or a change of the key-encryption key.
 * @throws JournalError
 */
export async function erase(seams: JournalSeams, deviceId: string): Promise<Erasure> {
  const { journal } = seams;
  const stream = streamOf('cpns-server/subject', { deviceId });
  let kind: 'erased' | 'already' = 'already';
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const draft = draftOf(seams, stream, KEYLESS);
    const { context, value } = await draft.state(subject, stream);
    if (value === 'unknown') return { kind: 'unknown' };
    const { keyId } = context;
    const keys = await keysOf(journal, stream);
    if (value === 'described') await draft.take({ stream, type: 'SubjectErased', data: { keyId } });
    for (const id of keys) {
      draft.keys.drop(id);
      await draft.take({ stream: KEYRING_STREAM, type: 'KeyDestroyed', data: { keyId: id, reason: 'erasure' } });
    }
    if (!draft.isEmpty && (await journal.commit(draft.commit(null))).kind === 'conflict') continue;
    if (value === 'described') kind = 'erased';
    if (keys.length === MAX_KEYS) continue;
    return { kind, keyId };
  }
  throw new Error(`${stream} and the keyring changed ${MAX_ATTEMPTS} times while ${deviceId} was to be erased.`);
}

/**
 * Every key of the subject: one that was told of twice at once, or whose former key did not open, has more than the one
 * that its chart names; one whose key was taken away by hand has none.
 */
async function keysOf(journal: KeyReader, stream: string): Promise<readonly string[]> {
  const prefix = `${stream}/`;
  const found = await journal.wrappedKeys({ after: prefix, limit: MAX_KEYS });
  return found.map(({ id }) => id).filter((id) => id.startsWith(prefix));
}

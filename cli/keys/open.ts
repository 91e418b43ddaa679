import type { JournalSeams } from '../../actors/roles/journal/journal-actor.ts';
import { openKeyring } from '../../actors/roles/journal/keyring/open.ts';
import { loadKeyFile } from '../../security/key-file.ts';
import type { Keyring } from '../../security/keyring.ts';
import { type Kek } from '../config/kek.ts';
import { UsageError } from '../errors.ts';
import { KEYRING_KEY } from '../host.ts';

/**
 * The keyring of a journal. A key file is made only for a journal that has no keys.
 * @param journal its path, for people
 * @throws UsageError where the key is missing or another one: then nothing was written
 */
export async function openKeyringOf(seams: JournalSeams, journal: string, kek: Kek): Promise<Keyring> {
  const bytes = (length: number): Uint8Array => seams.entropy.bytes(length);
  const opening = await openKeyring(seams, kek.keys, () => {
    const made = loadKeyFile(kek.file ?? '', bytes);
    if (made.kind === 'refused') throw new UsageError(made.message, made.remedy);
    return made.key;
  });
  if (opening.kind === 'opened') return opening.keyring;
  const under = (kekId: string | null): string => (kekId === null ? 'another key' : `the key ${kekId}`);
  const from = kek.file === null ? KEYRING_KEY : `The key file ${kek.file}`;
  switch (opening.kind) {
    case 'missing':
      throw new UsageError(
        `${from} is missing, and the journal ${journal} has keys under ${under(opening.expected)}`,
        'Bring it back from a copy, or from another machine that runs this role on the journal, or name it with --key-file. ' +
          'Nothing was changed; to begin anew, move the journal away.',
      );
    case 'other':
      throw new UsageError(
        `${from} holds the key ${opening.given.join(' and ')}, and the journal ${journal} has its keys under ${under(opening.expected)}`,
        'Give the key that belongs to this journal. Nothing was changed.',
      );
    case 'rotating':
      throw new UsageError(
        `The keys of the journal ${journal} are being changed from ${opening.fromKekId} to ${opening.toKekId}, and one of the two is not there`,
        'Run the same `cpns keys rotate` again: it goes on where it was.',
      );
  }
}

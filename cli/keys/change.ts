import { resolve } from 'node:path';
import type { JournalSeams } from '../../actors/journal-actor.ts';
import { rotateKeyring, type Rotation } from '../../actors/keyring/rotate.ts';
import { keyringState } from '../../actors/keyring/stream.ts';
import { kekIdOf } from '../../security/keyring.ts';
import { openCredentials, rewrapCredentials } from '../config/credentials.ts';
import { readDocument } from '../config/document.ts';
import { KEYRING_KEY, nextKeyFile, readKek } from '../config/kek.ts';
import type { KeysOptions } from '../config/keys.ts';
import type { Given } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import { journalName } from '../journal/open.ts';
import { keyIn, keyInOrNew } from './files.ts';
import { namedJournal } from './journal.ts';
import { openKeyringOf } from './open.ts';

/** What is changed, and where its keys lie. */
export interface Places {
  readonly journal: string;
  /** File of the key in force; null: the variable has it. */
  readonly old: string | null;
  /** File of the key that is to be in force. */
  readonly target: string;
  readonly credentialsFile: string | null;
}

/** Flags and variables that name keys. */
export interface GivenKeys extends Given {
  readonly newKeyFile?: string;
}

/** @throws UsageError where no journal or no key is named, or there is no file for the new one */
export function placesOf(options: KeysOptions, given: GivenKeys, cwd: string): Places {
  const { keyFile: old, credentialsFile } = options;
  return { journal: namedJournal(options.journal), old, target: targetOf(cwd, old, given), credentialsFile };
}

function targetOf(cwd: string, old: string | null, { newKeyFile, keyringKey }: GivenKeys): string {
  if (newKeyFile !== undefined) return resolve(cwd, newKeyFile);
  if (old !== null) return nextKeyFile(old);
  throw keyringKey === undefined
    ? new UsageError('No key is given', `Name its file with --key-file, or give it in ${KEYRING_KEY}.`)
    : new UsageError(
        `The key came in ${KEYRING_KEY}, so there is no file to put the new one into`,
        'Name one with --new-key-file; afterwards give what it holds to the role.',
      );
}

export type Changed = Extract<Rotation, { readonly kind: 'rotated' | 'already' }>;

/**
 * Encrypts every key of a journal, and what else is under its key-encryption key, anew. May die at any moment and be run again.
 * @throws UsageError where the keys are not those of the journal: nothing was changed then
 */
export async function changeKeys(seams: JournalSeams, places: Places, flags: GivenKeys): Promise<Changed> {
  const { journal, old, target, credentialsFile } = places;
  const from = old === null ? (readKek(null, flags).keys[0] ?? null) : keyIn(old);
  // A journal of the first version first says which key it is under.
  const begun = (await keyringState(seams.journal)).context;
  if (begun.kekId === null && from !== null)
    await openKeyringOf(seams, journalName(journal), { file: old, keys: [from] });
  const { kekId, nextKekId } = (await keyringState(seams.journal)).context;
  const there = keyIn(target);
  if (kekId !== null && nextKekId === null && there !== null && kekIdOf(there) === kekId)
    return { kind: 'already', toKekId: kekId };
  if (from === null)
    throw new UsageError(
      `The key file ${old} is missing`,
      'Bring it back from a copy: keys cannot be encrypted anew without the key that they are under.',
    );
  if (kekIdOf(from) !== kekId)
    throw new UsageError(
      `${old === null ? KEYRING_KEY : `The key file ${old}`} holds the key ${kekIdOf(from)}, and the journal ${journalName(journal)} has its keys under ${kekId}`,
      'Give the key that belongs to this journal. Nothing was changed.',
    );
  if (nextKekId !== null && (there === null || kekIdOf(there) !== nextKekId))
    throw new UsageError(
      `A rotation to the key ${nextKekId} was begun, and ${target} does not hold it`,
      'Run it again with the same --new-key-file as before, or without if there was none.',
    );
  const to = there ?? keyInOrNew(target, (length) => seams.entropy.bytes(length));
  // Before anything is changed: a secret that opens under neither key would stop it half-way.
  if (credentialsFile !== null)
    openCredentials(readDocument(credentialsFile, 'secret'), { file: old, keys: [from, to] });
  const result = await rotateKeyring(seams, { from, to }, (keyring) => {
    if (credentialsFile !== null) rewrapCredentials(credentialsFile, keyring);
  });
  if (result.kind === 'rotated' || result.kind === 'already') return result;
  if (result.kind === 'other') throw new Error('The keyring was changed by another process meanwhile; run it again.');
  throw new UsageError(
    `The key ${result.keyId} of the journal ${journalName(journal)} is damaged, so it cannot be encrypted anew`,
    'Restore the journal from a backup, or take the key away with cpns keys destroy; then run it again.',
  );
}

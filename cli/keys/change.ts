import { resolve } from 'node:path';
import type { JournalSeams } from '../../actors/roles/journal/journal-actor.ts';
import { rotateKeyring, type Rotation } from '../../actors/roles/journal/keyring/rotate.ts';
import { keyringState } from '../../actors/roles/journal/keyring/stream.ts';
import { createKeyring, kekIdOf, type Keyring } from '../../security/keyring.ts';
import { openCredentials, rewrapCredentials } from '../config/credentials.ts';
import { readDocument } from '../config/document.ts';
import { nextKeyFile, readKek, type Kek } from '../config/kek.ts';
import type { KeysOptions } from '../config/keys.ts';
import { readSecretFile, rewrapSecretFile, type SecretFile } from '../config/secret-file.ts';
import type { Given } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import { journalName } from '../journal/open.ts';
import { keyIn, keyInOrNew } from './files.ts';
import { namedJournal } from './journal.ts';
import { openKeyringOf } from './open.ts';
import { KEYRING_KEY } from '../host.ts';

/** What is changed, and where its keys lie. */
export interface Places {
  /** Null: the role keeps none. */
  readonly journal: string | null;
  /** File of the key in force; null: the variable has it. */
  readonly old: string | null;
  /** File of the key that is to be in force. */
  readonly target: string;
  readonly credentialsFile: string | null;
  /** Files of secrets under the same key. */
  readonly secrets: readonly SecretFile[];
}

/** Flags and variables that name keys. */
export interface GivenKeys extends Given {
  readonly newKeyFile?: string;
}

/** @throws UsageError where no key is named, or there is no file for the new one */
export function placesOf(options: KeysOptions, given: GivenKeys, cwd: string): Places {
  const { journal, keyFile: old, credentialsFile } = options;
  const secrets = options.secrets.filter(({ keyFile }) => keyFile === null);
  return { journal, old, target: targetOf(cwd, old, given), credentialsFile, secrets };
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
  const { old, target } = places;
  const journal = namedJournal(places.journal);
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
  const kek = { file: old, keys: [to, from] };
  openAll(places, kek);
  const result = await rotateKeyring(seams, { from, to }, (keyring) => void rewrapAll(places, keyring, kek));
  if (result.kind === 'rotated' || result.kind === 'already') return result;
  if (result.kind === 'other') throw new Error('The keyring was changed by another process meanwhile; run it again.');
  throw new UsageError(
    `The key ${result.keyId} of the journal ${journalName(journal)} is damaged, so it cannot be encrypted anew`,
    'Restore the journal from a backup, or take the key away with cpns keys destroy; then run it again.',
  );
}

/**
 * The same for who keeps no journal: a service, or a secret that belongs to no role.
 * @throws UsageError, ConfigError where a secret opens under neither key: nothing was changed then
 */
export function changeSecrets(
  places: Places,
  flags: GivenKeys,
  bytes: (length: number) => Uint8Array,
): { readonly kind: 'rewrapped'; readonly toKekId: string; readonly secrets: number } {
  const { old, target } = places;
  const from = old === null ? (readKek(null, flags).keys[0] ?? null) : keyIn(old);
  const there = keyIn(target);
  if (from === null && there === null)
    throw new UsageError(
      `The key file ${old} is missing`,
      'Bring it back from a copy: secrets cannot be encrypted anew without the key that they are under.',
    );
  const kekOf = (keys: readonly (Uint8Array | null)[]): Kek => ({
    file: old,
    keys: keys.filter((key) => key !== null),
  });
  openAll(places, kekOf([there, from]));
  const to = there ?? keyInOrNew(target, bytes);
  const keyring = createKeyring({ kek: to, also: from === null ? [] : [from], bytes });
  return { kind: 'rewrapped', toKekId: kekIdOf(to), secrets: rewrapAll(places, keyring, kekOf([to, from])).wrapped };
}

/** @throws ConfigError for what does not open */
function openAll({ credentialsFile, secrets }: Places, kek: Kek): void {
  if (credentialsFile !== null) openCredentials(readDocument(credentialsFile, 'secret'), kek);
  for (const secret of secrets) readSecretFile(secret, kek);
}

/**
 * Encrypts under the keyring's own key what is in plain, or under another key of it.
 * @param kek all keys of the keyring
 * @throws ConfigError for what does not open
 */
export function rewrapAll(
  { credentialsFile, secrets }: Pick<Places, 'credentialsFile' | 'secrets'>,
  keyring: Keyring,
  kek: Kek,
): { readonly wrapped: number; readonly kept: number } {
  const outcomes = secrets.map((secret) => rewrapSecretFile(secret, keyring, kek));
  const own = outcomes.filter((outcome) => outcome === 'wrapped').length;
  const table = credentialsFile === null ? { wrapped: 0, kept: 0 } : rewrapCredentials(credentialsFile, keyring);
  return { wrapped: table.wrapped + own, kept: table.kept + outcomes.length - own };
}

import { fromBase64url } from '../../security/base64url.ts';
import { readKeyFile } from '../../security/key-file.ts';
import { KEY_BYTES } from '../../security/security-error.ts';
import { UsageError } from '../errors.ts';
import { KEYRING_KEY } from '../host.ts';
import type { Given, Settings } from './settings.ts';

/** Where the key-encryption key of a role comes from, and what is there. */
export interface Kek {
  /** The key file; null: the key was given by the variable. */
  readonly file: string | null;
  /** Keys of 32 bytes: the one in force, if it is there, and the one that a rotation was about to put in its place. */
  readonly keys: readonly Uint8Array[];
  /** Whose: of a secret that has a key of its own, no flag and no variable names another. */
  readonly of?: 'secret';
}

/** The key that a rotation puts into the place of the one in `keyFile`, until it is there. */
export const nextKeyFile = (keyFile: string): string => `${keyFile}.next`;

/** The key-encryption key of a secret that belongs to no role: the key of the authority, or the one that signs checkpoints. */
export const besideKey = (secretFile: string): string => `${secretFile}.kek`;

/**
 * The key file that is to be used; null: the variable has the key, and goes before a file that the configuration names.
 * @throws UsageError when flag or variable name a file, and the variable has a key as well: neither goes before the other
 */
export function keyFileOf(settings: Settings, given: Given, inFile: string | undefined): string | null {
  if (given.keyringKey === undefined) return settings.path('keyFile', given.keyFile, inFile);
  if (given.keyFile === undefined) return null;
  throw new UsageError(
    `The key-encryption key is given twice: as a file, and in ${KEYRING_KEY}`,
    `Give either --key-file (CPNS_KEY_FILE) or ${KEYRING_KEY}.`,
  );
}

/** @throws UsageError for what is no key, or a file that others may read. No message quotes it */
export function readKek(file: string | null, given: Given): Kek {
  if (file === null) return { file, keys: [keyFromText(given.keyringKey ?? '')] };
  const keys = [file, nextKeyFile(file)].flatMap((path) => {
    const found = readKeyFile(path);
    if (found?.kind === 'refused') throw new UsageError(found.message, found.remedy);
    return found === null ? [] : [found.key];
  });
  return { file, keys };
}

/** The key of a secret that has its own: of one device in a file of several, of the authority, or that signs checkpoints. */
export const readOwnKek = (file: string): Kek => ({ ...readKek(file, {}), of: 'secret' });

function keyFromText(text: string): Uint8Array {
  const key = fromBase64url(text.trim());
  if (key?.length === KEY_BYTES) return key;
  throw new UsageError(
    `${KEYRING_KEY} does not hold ${KEY_BYTES} bytes in base64url`,
    'Give it the 43 characters that a key file holds, or unset it and name a key file.',
  );
}

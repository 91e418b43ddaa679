import { linkSync, readFileSync } from 'node:fs';
import type { Entropy } from '../../seams/entropy.ts';
import {
  newNoteSigner,
  signerToText,
  verifierFromText,
  verifierToText,
  type NoteSigner,
  type NoteVerifier,
} from '../../security/transparency/note-key.ts';
import { createKeyring } from '../../security/keyring.ts';
import { besideKey, keyFileOf, readKek, type Kek, readOwnKek } from '../config/kek.ts';
import { Settings, type Given } from '../config/settings.ts';
import { signerIn } from '../config/checkpoints.ts';
import type { Host } from '../host.ts';
import { keyInOrNew } from './files.ts';
import { readSecretFile, sealedText } from '../config/secret-file.ts';
import { fileReason, UsageError } from '../errors.ts';
import { writePrivately } from '../private-file.ts';

/**
 * Makes the key that signs checkpoints, encrypted under another; its public half stands beside it.
 * @throws UsageError where a file is there
 */
export function makeNoteKey(path: string, name: string, kek: Uint8Array, entropy: Entropy): NoteSigner {
  const bytes = (length: number): Uint8Array => entropy.bytes(length);
  const signer = newNoteSigner(name, bytes);
  const files = [
    [path, sealedText(createKeyring({ kek, bytes }), 'checkpoint', signerToText(signer))],
    [publicPathOf(path), `${verifierToText(signer.verifier)}\n`],
  ] as const;
  for (const [file, text] of files) {
    if (writePrivately(file, text, linkSync)) continue;
    throw new UsageError(`There is a file ${file} already`, 'Name another one, or move it away.');
  }
  return signer;
}

/**
 * What the key is encrypted under may be any of these.
 * @throws UsageError where flag and variable give one, or a key file cannot be used
 */
export function noteKek(path: string, given: Given, cwd: string): Kek {
  const settings = new Settings('cpns journal', null, cwd);
  const file = keyFileOf(settings, given, besideKey(path));
  // The variable may be that of the role whose journal it is.
  return file === null ? joined(readKek(null, given), readOwnKek(besideKey(path))) : readKek(file, {});
}

const joined = (one: Kek, other: Kek): Kek => ({ file: one.file, keys: [...one.keys, ...other.keys] });

/** The key that a new key is to be encrypted under. @throws UsageError */
export function noteKekOrNew(path: string, given: Given, { cwd, entropy }: Pick<Host, 'cwd' | 'entropy'>): Uint8Array {
  const { file, keys } = noteKek(path, given, cwd);
  return keys[0] ?? keyInOrNew(file ?? besideKey(path), (length) => entropy.bytes(length));
}

export const publicPathOf = (path: string): string => `${path}.pub`;

/** @throws UsageError where it is no such key, ConfigError where others may read it or it does not open */
export function readNoteSigner(path: string, kek: Kek): NoteSigner {
  return signerIn(path, readSecretFile({ file: path, name: 'checkpoint' }, kek).text);
}

/** @throws UsageError where it is no such key */
export function readNoteVerifier(path: string): NoteVerifier {
  const verifier = verifierFromText(read(path, 'public key'));
  if (verifier !== null) return verifier;
  throw new UsageError(`${path} holds no public key of an operator`, `Give the file that ends in .pub.`);
}

/** @throws UsageError */
export function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The ${what} ${path} cannot be read: ${fileReason(error)}`, 'Check the path.');
  }
}

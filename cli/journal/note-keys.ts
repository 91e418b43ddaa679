import { linkSync, readFileSync, statSync } from 'node:fs';
import type { Entropy } from '../../actors/seams/entropy.ts';
import {
  newNoteSigner,
  signerFromText,
  signerToText,
  verifierFromText,
  verifierToText,
  type NoteSigner,
  type NoteVerifier,
} from '../../security/transparency/note-key.ts';
import { fileReason, UsageError } from '../errors.ts';
import { writePrivately } from '../private-file.ts';

/** Bits of a mode that let others read or write. */
const OTHERS = 0o077;

/** Makes the key that signs checkpoints; its public half stands beside it. @throws UsageError where a file is there */
export function makeNoteKey(path: string, name: string, entropy: Entropy): NoteSigner {
  const signer = newNoteSigner(name, (length) => entropy.bytes(length));
  const files = [
    [path, signerToText(signer)],
    [publicPathOf(path), verifierToText(signer.verifier)],
  ] as const;
  for (const [file, text] of files) {
    if (writePrivately(file, `${text}\n`, linkSync)) continue;
    throw new UsageError(`There is a file ${file} already`, 'Name another one, or move it away.');
  }
  return signer;
}

export const publicPathOf = (path: string): string => `${path}.pub`;

/** @throws UsageError where it is no such key, or others may read it */
export function readNoteSigner(path: string): NoteSigner {
  const text = read(path, 'key');
  if ((statSync(path).mode & OTHERS) !== 0)
    throw new UsageError(`Others may read the key ${path}`, `Run: chmod 600 ${path}`);
  const signer = signerFromText(text);
  if (signer !== null) return signer;
  throw new UsageError(`${path} holds no key that signs checkpoints`, 'Make one with `cpns journal key`.');
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

import { linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadKeyFile, readKeyFile } from '../../security/key-file.ts';
import { kekIdOf } from '../../security/keyring.ts';
import { nextKeyFile } from '../config/kek.ts';
import { errorCode, UsageError } from '../errors.ts';
import { flushFolderOf } from '../private-file.ts';

const KEK_ID = /^[A-Za-z0-9_-]{22}$/;

/** What becomes of the file of the former key. */
export type OldKey = 'keep' | 'remove';

/** The key in a file, or null where there is none. @throws UsageError */
export function keyIn(file: string): Uint8Array | null {
  const found = readKeyFile(file);
  if (found?.kind === 'refused') throw new UsageError(found.message, found.remedy);
  return found?.key ?? null;
}

/** The key in a file, made when it is not there. @throws UsageError */
export function keyInOrNew(file: string, bytes: (length: number) => Uint8Array): Uint8Array {
  const made = loadKeyFile(file, bytes);
  if (made.kind === 'refused') throw new UsageError(made.message, made.remedy);
  return made.key;
}

/**
 * Puts the key files in order once the journal is under the new key. May be done again.
 * @param files.old null: the former key is in no file
 * @returns the file that has the new key, and the one that has the former key
 */
export function settleKeyFiles(
  files: { readonly old: string | null; readonly target: string },
  oldKey: OldKey,
): { readonly keyFile: string; readonly former: string | null } {
  const { old, target } = files;
  if (old === null) return { keyFile: target, former: null };
  const inPlace = target === nextKeyFile(old);
  const former = keyIn(old);
  if (!inPlace) {
    if (oldKey === 'remove') rmSync(old, { force: true });
    flushFolderOf(old);
    return { keyFile: target, former: oldKey === 'keep' && former !== null ? old : null };
  }
  const kept = former === null || oldKey === 'remove' ? null : `${old}.${kekIdOf(former)}`;
  if (kept !== null) linkUnlessThere(old, kept);
  renameSync(target, old);
  flushFolderOf(old);
  return { keyFile: old, former: kept };
}

/** Removes the former keys that rotations kept beside a key file. */
export function removeKeptKeys(file: string): void {
  const prefix = `${basename(file)}.`;
  for (const name of readdirSync(dirname(file)))
    if (name.startsWith(prefix) && KEK_ID.test(name.slice(prefix.length))) rmSync(join(dirname(file), name));
  flushFolderOf(file);
}

function linkUnlessThere(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

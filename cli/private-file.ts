import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './errors.ts';

const OWNER_ONLY = 0o600;

/**
 * Writes beside the target, makes it durable, then puts it in place at once: a reader never sees half a file.
 * @param place `linkSync` fails where the target is there (then false), `renameSync` replaces it
 */
export function writePrivately(path: string, text: string, place: (from: string, to: string) => void): boolean {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', OWNER_ONLY);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    place(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Makes it last through a power cut that names in the folder of the file were changed. */
export function flushFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

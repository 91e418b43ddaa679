/**
 * A 32-byte key in a file of its own: the key-encryption key of a journal, the operator's id key. The only I/O in this
 * folder. One line of base64url, mode 0600. A file that is there is never changed; a new one appears whole or not at all.
 */
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fromBase64url, toBase64url } from './base64url.ts';
import type { RandomBytes } from './random-bytes.ts';
import { KEY_BYTES } from './security-error.ts';

export type KeyFileProblem = 'unreadable' | 'notCreated' | 'openToOthers' | 'notAKey';

export type KeyFile =
  | { readonly kind: 'loaded'; readonly key: Uint8Array; readonly origin: 'read' | 'created' }
  | {
      readonly kind: 'refused';
      readonly problem: KeyFileProblem;
      readonly message: string;
      readonly remedy: string;
    };

const OWNER_ONLY = 0o600;
const GROUP_AND_WORLD = 0o077;

/** The key at `path`; created from `bytes(32)` when no file is there. */
export function loadKeyFile(path: string, bytes: RandomBytes): KeyFile {
  const found = readKeyFile(path);
  if (found !== null) return found;
  const created = createKeyFile(path, bytes(KEY_BYTES), toBase64url(bytes(TEMPORARY_NAME_BYTES)));
  // Another process may have created it in between: then its key counts, and ours was never used.
  const stored = created ?? readKeyFile(path);
  return stored ?? refused('unreadable', `The key file ${path} vanished while it was created.`, 'Start again.');
}

/** Null when there is no such file. */
export function readKeyFile(path: string): KeyFile | null {
  let text: string;
  let mode: number;
  try {
    const file = openSync(path, 'r');
    try {
      mode = fstatSync(file).mode;
      text = readFileSync(file, 'latin1');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    const message = `The key file ${path} cannot be read (${codeOf(error)}).`;
    return refused('unreadable', message, 'Make it a readable file of the user that runs this process.');
  }
  if ((mode & GROUP_AND_WORLD) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    return refused('openToOthers', `The key file ${path} has mode ${octal}.`, `Run: chmod 600 ${path}`);
  }
  const key = fromBase64url(text.replace(/\r?\n$/, ''));
  if (key?.length === KEY_BYTES) return { kind: 'loaded', key, origin: 'read' };
  const message = `The key file ${path} does not hold ${KEY_BYTES} bytes in base64url.`;
  return refused('notAKey', message, 'Restore it from a backup; without it, what it protects cannot be read.');
}

const TEMPORARY_NAME_BYTES = 9;

/** Written beside, flushed, then linked into place: link(2) fails when the name is taken. Null when it was. */
function createKeyFile(path: string, key: Uint8Array, suffix: string): KeyFile | null {
  const temporary = `${path}.${suffix}.new`;
  try {
    const file = openSync(temporary, 'wx', OWNER_ONLY);
    try {
      writeSync(file, `${toBase64url(key)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      linkSync(temporary, path);
    } finally {
      unlinkSync(temporary);
    }
    flushDirectory(dirname(path));
    return { kind: 'loaded', key, origin: 'created' };
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return null;
    const message = `The key file ${path} cannot be created (${codeOf(error)}).`;
    return refused('notCreated', message, 'Create its directory, writable for the user that runs this process.');
  }
}

/** A new name lasts through a power cut only once its directory is flushed. */
function flushDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function refused(problem: KeyFileProblem, message: string, remedy: string): KeyFile {
  return { kind: 'refused', problem, message, remedy };
}

import { readFileSync, statSync } from 'node:fs';
import { errorCode, fileReason } from '../errors.ts';
import { ConfigError } from './problems.ts';

/** Files that nobody but their owner may read. */

const GROUP_AND_WORLD = 0o077;
const PERMISSIONS = 0o777;

/** @throws ConfigError when others than the owner may read or write the file */
export function refuseOpenToOthers(file: string): void {
  const { mode } = statSync(file);
  if ((mode & GROUP_AND_WORLD) === 0) return;
  const message = `holds secrets and is open to others: mode ${(mode & PERMISSIONS).toString(8).padStart(4, '0')}`;
  throw new ConfigError(file, [{ path: '', message, remedy: `Run: chmod 600 ${file}` }]);
}

const fileError = (file: string, message: string, remedy: string): ConfigError =>
  new ConfigError(file, [{ path: '', message, remedy }]);

/**
 * The text of a file that nobody but its owner may read.
 * @throws ConfigError
 */
export function readPrivateText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const remedy =
      errorCode(error) === 'ENOENT'
        ? 'Check the path, or let `cpns provision` write it.'
        : 'Give a file that this user may read.';
    throw fileError(file, `secret cannot be read: ${fileReason(error)}`, remedy);
  }
  refuseOpenToOthers(file);
  return text;
}

import type { JournalFault } from '../port.ts';
import { JournalError } from '../port.ts';

/** Primary result codes, https://sqlite.org/rescode.html; the low byte of an extended code. */
const FAULTS: ReadonlyMap<number, JournalFault> = new Map([
  [5, 'locked'], // SQLITE_BUSY
  [6, 'locked'], // SQLITE_LOCKED
  [8, 'readOnly'], // SQLITE_READONLY
  [11, 'corrupt'], // SQLITE_CORRUPT
  [13, 'full'], // SQLITE_FULL
  [26, 'corrupt'], // SQLITE_NOTADB
]);

/** Codes of the operating system, as `node:fs` names them. */
const SYSTEM_FAULTS: ReadonlyMap<string, JournalFault> = new Map([
  ['ENOENT', 'missing'],
  ['ENOTDIR', 'missing'],
  ['EACCES', 'readOnly'],
  ['EPERM', 'readOnly'],
  ['EROFS', 'readOnly'],
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['ERR_INVALID_STATE', 'closed'], // node:sqlite on a closed database
]);

const REMEDIES: Readonly<Record<JournalFault, string>> = {
  newer: 'Use the version of the program that wrote it, or a later one.',
  corrupt: 'Check the path. If it is the journal, restore it from a backup; the file was not changed.',
  locked: 'Stop the other process that uses this journal, or give this one its own file.',
  readOnly: 'Let this user write the file and its folder, and check that the disk is not mounted read-only.',
  full: 'Make room on the disk; nothing acknowledged was lost, and commits work again once there is room.',
  closed: 'Open the journal again before using it.',
  missing: 'Check the path, and create the folder.',
  denied: 'Let this user read and write the file and its folder.',
  unreachable: 'Check that the disk is there.',
  unsafe: 'Use a build of SQLite that syncs, on a disk that keeps what it is told.',
  archived: 'Read the archive and the journal together: give --archive FILE.',
  failed: 'Look at the cause and at the system log; restart the program once the disk is well.',
};

/** Says what went wrong with `file` as a `JournalError`; one that is already stays as it is. */
export function toJournalError(error: unknown, file: string): JournalError {
  if (error instanceof JournalError) return error;
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
  return journalError(faultOf(error), `Journal ${file}: ${reason}.`, error);
}

export function journalError(fault: JournalFault, message: string, cause?: unknown): JournalError {
  return new JournalError(fault, message, REMEDIES[fault], cause === undefined ? {} : { cause });
}

function faultOf(error: unknown): JournalFault {
  if (!(error instanceof Error)) return 'failed';
  if ('errcode' in error && typeof error.errcode === 'number') return FAULTS.get(error.errcode & 0xff) ?? 'failed';
  if ('code' in error && typeof error.code === 'string') return SYSTEM_FAULTS.get(error.code) ?? 'failed';
  return 'failed';
}

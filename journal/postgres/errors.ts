import { DatabaseError } from 'pg';
import type { JournalFault } from '../port.ts';
import { JournalError } from '../port.ts';

/** SQLSTATE codes and classes, https://www.postgresql.org/docs/current/errcodes-appendix.html; the longest that fits counts. */
const FAULTS: ReadonlyMap<string, JournalFault> = new Map<string, JournalFault>([
  ['08', 'unreachable'], // connection exception
  ['25006', 'readOnly'], // read only sql transaction: a standby
  ['25P03', 'unreachable'], // idle in transaction session timeout: the connection is gone
  ['28', 'denied'], // invalid authorization: password, pg_hba.conf
  ['3D000', 'missing'], // there is no such database
  ['3F000', 'missing'], // there is no such schema
  ['42501', 'denied'], // insufficient privilege
  ['53100', 'full'], // disk full
  ['53300', 'unreachable'], // too many connections
  ['55P03', 'locked'], // lock not available
  ['57P01', 'unreachable'], // admin shutdown, or pg_terminate_backend
  ['57P02', 'unreachable'], // crash shutdown
  ['57P03', 'unreachable'], // cannot connect now: starting up, shutting down
  ['57P05', 'unreachable'], // idle session timeout
  ['XX001', 'corrupt'], // data corrupted
  ['XX002', 'corrupt'], // index corrupted
]);

const REMEDIES: Readonly<Record<JournalFault, string>> = {
  newer: 'Use the version of the program that wrote it, or a later one.',
  corrupt: 'Check the address. If it is the journal, restore the database from a backup; nothing was changed.',
  locked: 'Stop the other process that uses this journal; pg_stat_activity shows its sessions.',
  readOnly: 'Name the primary server: this one is a standby, or was made read-only.',
  full: 'Make room on the disk of the server; nothing acknowledged was lost, and commits work again once there is room.',
  closed: 'Open the journal again before using it.',
  missing: 'Check the address; create the database with: createdb -E UTF8 NAME',
  denied:
    'Check user and password (a file that PGPASSFILE names, or the variable PGPASSWORD), pg_hba.conf, and that the user may create tables.',
  unreachable: 'Check that the PostgreSQL server runs and can be reached from here.',
  unsafe:
    'Set it with alter system and reload (synchronous_commit: also where a database or role has its own), or name another server; then start again.',
  archived: 'Read the archive and the journal together: give --archive FILE.',
  failed: 'Look at the cause and at the log of the PostgreSQL server.',
};

/** Says what went wrong with the journal `name` as a `JournalError`; one that is already stays as it is. */
export function toJournalError(error: unknown, name: string): JournalError {
  if (error instanceof JournalError) return error;
  const reason = (error instanceof Error ? reasonOf(error) : String(error)).replace(/\.$/, '');
  return journalError(faultOf(error), `Journal ${name}: ${reason}.`, error);
}

export function journalError(fault: JournalFault, message: string, cause?: unknown): JournalError {
  return new JournalError(fault, message, REMEDIES[fault], cause === undefined ? {} : { cause });
}

/** Whether the connection went away with the error: everything that did not come from the server, or says so. */
export function isLoss(error: unknown): boolean {
  return !(error instanceof DatabaseError) || faultOf(error) === 'unreachable';
}

/** An `AggregateError` of several addresses of one host has no message of its own. */
function reasonOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? first.message : error.message;
}

function faultOf(error: unknown): JournalFault {
  // Without a password, or where the server does not prove that it knows it, the client itself ends the login.
  if (error instanceof Error && error.message.startsWith('SASL')) return 'denied';
  if (!(error instanceof DatabaseError)) return 'unreachable';
  const { code = '' } = error;
  return FAULTS.get(code) ?? FAULTS.get(code.slice(0, 2)) ?? 'failed';
}

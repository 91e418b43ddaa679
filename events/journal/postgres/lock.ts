import type { Address } from './address.ts';
import type { Connection } from './connection.ts';
import { journalError } from './errors.ts';

/** `alone`: a process whose other state is not made to be shared; a second one is refused, as it is on a file. */
export type Writers = 'alone' | 'several';

/** `CPNS` in ASCII, beside the schema: the key of an advisory lock. */
const LOCK = `select pg_try_advisory_lock(${0x43504e53}, hashtext(current_schema())) as locked`;

/**
 * Takes the journal for the process of this connection; the server gives it free with the connection.
 * @throws JournalError `locked` where another process has it
 */
export async function lockAlone(connection: Connection, { name }: Address): Promise<void> {
  const [taken] = await connection.select<{ locked: boolean }>(LOCK);
  if (taken?.locked === true) return;
  const message = `Journal ${name}: another process writes it.`;
  throw journalError('locked', message);
}

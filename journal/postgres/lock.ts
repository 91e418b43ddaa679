import type { Address } from './address.ts';
import type { Connection } from './connection.ts';
import { journalError } from './errors.ts';

/** `alone`: nobody else commits meanwhile, as on a file. `several`: beside others that were opened so. */
export type Writers = 'alone' | 'several';

/** `CPNS` in ASCII, beside the schema: the key of an advisory lock. */
const KEY = `${0x43504e53}, hashtext(current_schema())`;

const LOCKS: Readonly<Record<Writers, string>> = {
  alone: `select pg_try_advisory_lock(${KEY}) as locked`,
  several: `select pg_try_advisory_lock_shared(${KEY}) as locked`,
};

/** The server notices a moment later that a connection ended: whoever starts again at once must not be refused. */
const ATTEMPTS = 10;
const DELAY_MS = 100;

/**
 * Takes the journal for the process of this connection; the server gives it free with the connection.
 * @throws JournalError `locked` where others have it otherwise, for a second and longer
 */
export async function lockFor(writers: Writers, connection: Connection, { name }: Address): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const [taken] = await connection.select<{ locked: boolean }>(LOCKS[writers]);
    if (taken?.locked === true) return;
    if (attempt === ATTEMPTS) throw journalError('locked', `Journal ${name}: another process writes it.`);
    await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
  }
}

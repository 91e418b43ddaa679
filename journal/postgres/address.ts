import type { ConnectionOptions } from 'pg-connection-string';
import { parse } from 'pg-connection-string';
import { journalError } from './errors.ts';

/** Where a journal on PostgreSQL is: `postgres://user@host:port/database`, as libpq takes it. */
export interface Address {
  readonly url: string;
  /** What errors and logs call the journal: user, host and database, never a password nor a parameter. */
  readonly name: string;
}

const SCHEME = /^postgres(ql)?:\/\//i;

export function isPostgresUrl(journal: string): boolean {
  return SCHEME.test(journal);
}

/** Whether the text holds a password, which people who can read it would learn. */
export function holdsPassword(url: string): boolean {
  return (parsed(url)?.password ?? '') !== '';
}

/** @throws JournalError `missing` where the text is no such address; it is not quoted */
export function addressOf(url: string): Address {
  const found = isPostgresUrl(url) ? parsed(url) : null;
  if (found === null) {
    throw journalError('missing', 'The address of the journal is not of the form postgres://user@host:port/database.');
  }
  const { user = '', host, port, database } = found;
  const at = `${user === '' ? '' : `${user}@`}${host ?? ''}${(port ?? '') === '' ? '' : `:${port}`}`;
  return { url, name: `postgres://${at}/${database ?? ''}` };
}

/** The schema that the address chooses by `options=-c search_path=...`, the first of several; null where it chooses none. */
export function schemaOf(url: string): string | null {
  const found = /search_path\s*=\s*"?([^\s",]+)/.exec(parsed(url)?.options ?? '');
  return found?.[1] ?? null;
}

function parsed(url: string): ConnectionOptions | null {
  try {
    return parse(url);
  } catch {
    // The error of the parser quotes the address.
    return null;
  }
}

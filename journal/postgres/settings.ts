import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Durability } from '../durability.ts';
import type { JournalTables } from '../sql/tables.ts';
import { journalError } from './errors.ts';

/** The oldest version that its makers still maintain. */
const MIN_VERSION = 15;

const SETTINGS = [
  'server_version',
  'server_version_num',
  'server_encoding',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_level',
  'in_hot_standby',
] as const;

export type Seen = Readonly<Record<(typeof SETTINGS)[number] | 'ssl' | 'local', string>>;

/** What the server says of itself and of this connection. */
export async function readSettings(db: Kysely<JournalTables>): Promise<Seen> {
  const columns = SETTINGS.map((name) => sql`current_setting(${sql.lit(name)}) as ${sql.ref(name)}`);
  const { rows } = await sql<Seen>`
    select ${sql.join(columns)}, (select ssl from pg_stat_ssl where pid = pg_backend_pid())::text as ssl,
      (inet_client_addr() is null or inet_client_addr() <<= '127.0.0.0/8' or inet_client_addr() = '::1')::text as local
    `.execute(db);
  const [seen] = rows;
  if (seen === undefined) throw new Error('PostgreSQL did not tell its settings.');
  return seen;
}

/**
 * Whether what is acknowledged there stays.
 * @throws JournalError `unsafe` where it may not, `newer` where the server is too old, `readOnly` on a standby
 */
export function checkSettings(seen: Seen, name: string): Durability {
  const refuse = (what: string): never => {
    throw journalError('unsafe', `Journal ${name}: ${what}.`);
  };
  if (Number(seen.server_version_num) < MIN_VERSION * 10_000) {
    refuse(`PostgreSQL ${seen.server_version} is too old, version ${MIN_VERSION} or later must be there`);
  }
  if (seen.server_encoding !== 'UTF8') {
    refuse(`its encoding ${seen.server_encoding} cannot hold every text, a database with UTF8 must be there`);
  }
  if (seen.in_hot_standby === 'on') throw journalError('readOnly', `Journal ${name}: the server is a standby.`);
  if (seen.fsync === 'off') refuse('fsync is off, a power cut loses what was acknowledged and more; it must be on');
  if (seen.synchronous_commit === 'off') {
    refuse('synchronous_commit is off, a crash loses what was acknowledged; it must be on');
  }
  const warnings: string[] = [];
  if (seen.full_page_writes === 'off') {
    warnings.push('full_page_writes is off: a power cut may tear pages. Set it on unless the file system never does.');
  }
  if (seen.synchronous_commit === 'remote_write') {
    warnings.push('synchronous_commit is remote_write: a standby that crashes may miss commits. Set it on.');
  }
  if (seen.ssl !== 'true' && seen.local !== 'true') {
    warnings.push('the connection is not encrypted. Add sslmode=verify-full to the address.');
  }
  return { database: 'postgres', seen, warnings };
}

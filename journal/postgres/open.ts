import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { migrate } from '../sql/migrations.ts';
import { SqlReader } from '../sql/reader.ts';
import { addressOf } from './address.ts';
import { Connection } from './connection.ts';
import { Database } from './dialect.ts';
import { journalError, toJournalError } from './errors.ts';
import { PostgresJournal } from './journal.ts';
import type { Writers } from './lock.ts';
import { lockFor } from './lock.ts';
import { POSTGRES, POSTGRES_MIGRATIONS, checkHead, checkSchema, currentSchema } from './schema.ts';
import { checkSettings, readSettings } from './settings.ts';

/** Long reads at once: rebuilds, inquiries, followers. Whoever comes then waits for milliseconds. */
const READ_CONNECTIONS = 3;
/** Read models write one transaction at a time. */
const WRITE_CONNECTIONS = 1;

/**
 * Opens the journal at `postgres://user@host:port/database`, beside other processes that have it open, sets it up in an
 * empty schema, and brings its schema up to date. The password comes from the address, `PGPASSWORD` or `PGPASSFILE`.
 * @throws JournalError `unreachable`, `denied`, `missing`, `unsafe`, `newer`, `corrupt`, `readOnly`, `failed`; `locked`
 * where another process has it `alone`, or this one wants it so and others have it
 */
export async function openPostgresJournal(url: string, writers: Writers = 'several'): Promise<PostgresJournal> {
  const address = addressOf(url);
  // One connection without further attempts: whoever starts with a wrong address is to know at once.
  const connection = await Connection.open(address, 'listens');
  const writing = new Database(address, { purpose: 'read models', connections: WRITE_CONNECTIONS, access: 'writes' });
  const reading = new Database(address, { purpose: 'long reads', connections: READ_CONNECTIONS, access: 'reads' });
  try {
    await lockFor(writers, connection, address);
    const durability = checkSettings(await readSettings(writing.kysely), address.name);
    const schema = await currentSchema(writing.kysely, address.name);
    await checkSchema(writing.kysely, address.name);
    await migrate(writing.kysely, POSTGRES_MIGRATIONS, schema);
    await checkHead(writing.kysely, address.name);
    await forgetWriters(writing);
    const { position: head } = await writing.kysely.selectFrom('head').select('position').executeTakeFirstOrThrow();
    const writer = randomUUID();
    return new PostgresJournal({ address, durability, reading, writing, connection, writer, head, writers });
  } catch (error) {
    connection.end();
    await writing.close();
    await reading.close();
    throw toJournalError(error, address.name);
  }
}

/**
 * Opens the journal for reading, beside the processes that write it or without one. Never writes it.
 * @throws JournalError `unreachable`, `denied`, `missing`, `newer`, `corrupt`, `failed`
 */
export async function openPostgresReader(url: string): Promise<SqlReader> {
  const address = addressOf(url);
  const first = await Connection.open(address, 'reads');
  first.end();
  const reading = new Database(address, { purpose: 'long reads', connections: READ_CONNECTIONS, access: 'reads' });
  try {
    if ((await checkSchema(reading.kysely, address.name)) === 'journal') {
      return new SqlReader(reading.kysely, POSTGRES, () => reading.close());
    }
    throw journalError('corrupt', `Journal ${address.name}: it is empty; no program has set it up.`);
  } catch (error) {
    await reading.close();
    throw toJournalError(error, address.name);
  }
}

/** Processes that died left a row each. A batch is in doubt for seconds; nobody asks for one of yesterday. */
async function forgetWriters({ kysely }: Database): Promise<void> {
  await kysely
    .deleteFrom('writers')
    .where('written_at', '<', sql<Date>`now() - interval '1 day'`)
    .execute();
}

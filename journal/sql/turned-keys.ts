import type { Kysely, RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Capabilities } from './capabilities.ts';
import type { JournalTables } from './tables.ts';

/** Of one statement: a PostgreSQL server ends one that takes 20 s, and this takes a second. */
const ROWS_PER_UPDATE = 50_000;

/**
 * Turns the keys of messages that begin with their stream, as an older version kept them: `stream#id` becomes `id#stream`.
 * The name of a stream has a slash and an id has none, so that a key says which way round it is.
 */
export async function turnKeys(
  db: Kysely<JournalTables>,
  { indexOf }: Capabilities,
  rowsPerUpdate = ROWS_PER_UPDATE,
): Promise<void> {
  const key = sql`message_key`;
  const [at, slash] = [indexOf('#', key), indexOf('/', key)];
  const turned = sql`substr(${key}, ${at} + 1) || '#' || substr(${key}, 1, ${at} - 1)`;
  const isOld = sql`${slash} > 0 and ${slash} < ${at}`;
  for (const table of [sql`inbox`, sql`answers`]) {
    for (let [after, last] = ['', await keyAfter(db, table, '', rowsPerUpdate)]; last !== null;) {
      await sql`update ${table} set message_key = ${turned}
        where ${key} > ${after} and ${key} <= ${last} and ${isOld}`.execute(db);
      [after, last] = [last, await keyAfter(db, table, last, rowsPerUpdate)];
    }
  }
}

/** Of the keys beyond one, the last that the next statement takes; null where there are none. */
async function keyAfter(
  db: Kysely<JournalTables>,
  table: RawBuilder<unknown>,
  after: string,
  limit: number,
): Promise<string | null> {
  const { rows } = await sql<{ last: string | null }>`select max(message_key) as last from (
    select message_key from ${table} where message_key > ${after} order by message_key limit ${limit}) as next`.execute(
    db,
  );
  return rows[0]?.last ?? null;
}

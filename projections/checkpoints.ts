import { sql, type Kysely, type QueryExecutorProvider } from 'kysely';
import { z } from 'zod';
import type { Capabilities } from '../journal/sql/capabilities.ts';
import type { JournalTables } from '../journal/sql/tables.ts';
import type { Standing } from './port.ts';

/** The register of the projections of a journal: one row each, in the journal's own database. */
export type ProjectionTables = {
  readonly projections: {
    readonly name: string;
    /** Of the tables that its rows are in. */
    readonly shape: number;
    readonly position: number;
    /** Why it stopped, as JSON; null while it runs. */
    readonly stopped: string | null;
  };
};
export type Database = Kysely<JournalTables & ProjectionTables>;

const Stopped = z.object({
  fault: z.enum(['ahead', 'handler', 'overlap']),
  says: z.string(),
  event: z.object({ position: z.number(), type: z.string(), stream: z.string() }).nullable(),
});

/** Before there was a register each projection had a table for its checkpoint. */
const FORMER = ['pn_inventory_checkpoint', 'charging_checkpoint'] as const;

export async function createRegister(db: Database, { types: { text, number }, table }: Capabilities): Promise<void> {
  for (const name of FORMER) await sql`drop table if exists ${sql.table(name)}`.execute(db);
  await sql`create table projections (
    name ${text} primary key, shape integer not null, position ${number} not null, stopped ${text}) ${table.hot}`.execute(
    db,
  );
}

export async function hasRegister(db: QueryExecutorProvider, { tables }: Capabilities): Promise<boolean> {
  return (await tables.execute(db)).rows.some(({ name }) => name === 'projections');
}

export type Registered = Standing & { readonly name: string; readonly shape: number };

/** The projections of a journal, by name. */
export async function registered(db: Database): Promise<readonly Registered[]> {
  const rows = await db.selectFrom('projections').selectAll().orderBy('name').execute();
  return rows.map(({ stopped, ...row }) => ({ ...row, stopped: readStop(stopped) }));
}

export async function standingOf(db: Database, name: string): Promise<Standing> {
  const query = db.selectFrom('projections').select(['position', 'stopped']).where('name', '=', name);
  const { position, stopped } = await query.executeTakeFirstOrThrow();
  return { position, stopped: readStop(stopped) };
}

function readStop(stopped: string | null): Standing['stopped'] {
  return stopped === null ? null : Stopped.parse(JSON.parse(stopped));
}

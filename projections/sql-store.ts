import { sql, type Kysely } from 'kysely';
import { JournalError, type ArchiveReader } from '../journal/port.ts';
import { BulkInsert } from '../journal/sql/bulk.ts';
import type { Capabilities } from '../journal/sql/capabilities.ts';
import type { JournalTables } from '../journal/sql/tables.ts';
import { createRegister, hasRegister, standingOf, type Database, type ProjectionTables } from './checkpoints.ts';
import { overlapError, type ProjectionStore, type ReadModel, type Standing, type Stop } from './port.ts';
import { compilePut, createTable, keyOf, type ReadTable } from './tables.ts';

/** The journal's connections; a journal on SQLite or PostgreSQL is one. */
export interface Connections {
  readonly writer: Kysely<JournalTables>;
  readonly db: Kysely<JournalTables>;
  readonly capabilities: Capabilities;
  archived: ArchiveReader['archived'];
}

/**
 * Sets up the tables of a read model in the journal's own database where they are absent or of another shape.
 * @throws JournalError `archived` where they would have to be built from events that are not in the journal any more
 */
export async function setUp(journal: Connections, model: ReadModel<unknown>): Promise<void> {
  const { capabilities } = journal;
  const { name, shape } = model;
  const archived = await journal.archived();
  await journal.writer
    .$extendTables<ProjectionTables>()
    .transaction()
    .execute(async (trx) => {
      // Another process may be setting them up: it holds the head for that long, as every batch does.
      await trx.updateTable('head').set({ id: 1 }).execute();
      if (!(await hasRegister(trx, capabilities))) await createRegister(trx, capabilities);
      const found = await trx.selectFrom('projections').select('shape').where('name', '=', name).executeTakeFirst();
      if (found?.shape === shape) return;
      if (archived !== null) throw archivedError(name, archived.upTo);
      for (const table of model.tables) {
        for (const statement of createTable(table, capabilities)) await statement.execute(trx);
      }
      await trx.deleteFrom('projections').where('name', '=', name).execute();
      await trx.insertInto('projections').values({ name, shape, position: 0, stopped: null }).execute();
    });
}

function archivedError(name: string, upTo: number): JournalError {
  const message = `${name}: its tables are not those of this program, and the first ${upTo} events, which they are built from, are archived.`;
  return new JournalError('archived', message, 'The tables stay as they are: use the program that wrote them.');
}

/** The rows of a read model in the journal's own database, whose tables are set up. */
export class SqlStore<Delta> implements ProjectionStore<Delta> {
  protected readonly capabilities: Capabilities;
  protected readonly reader: Database;
  readonly #writer: Database;
  readonly #name: string;
  readonly #tables: readonly { readonly table: ReadTable<Delta>; readonly put: BulkInsert }[];

  constructor({ writer, db, capabilities }: Connections, { name, tables }: ReadModel<Delta>) {
    this.capabilities = capabilities;
    this.reader = db.$extendTables<ProjectionTables>();
    this.#writer = writer.$extendTables<ProjectionTables>();
    this.#name = name;
    this.#tables = tables.map((table) => ({ table, put: new BulkInsert((size) => compilePut(writer, table, size)) }));
  }

  standing(): Promise<Standing> {
    return standingOf(this.reader, this.#name);
  }

  async advance({ from, to, delta }: { readonly from: number; readonly to: number; readonly delta: Delta }) {
    await this.#writer.transaction().execute(async (trx) => {
      // First of all, for it is the fence: whoever else is about to move the checkpoint waits here, and then finds it moved.
      const checkpoint = trx.updateTable('projections').set({ position: to, stopped: null });
      const moved = await checkpoint
        .where('name', '=', this.#name)
        .where('position', '=', from)
        .executeTakeFirstOrThrow();
      if (moved.numUpdatedRows !== 1n) {
        throw overlapError(this.#name, from, (await standingOf(trx, this.#name)).position);
      }
      await this.#put(trx, delta);
    });
  }

  async replace({ to, delta }: { readonly to: number; readonly delta: Delta }): Promise<void> {
    await this.#writer.transaction().execute(async (trx) => {
      const checkpoint = trx.updateTable('projections').set({ position: to, stopped: null });
      await checkpoint.where('name', '=', this.#name).execute();
      for (const { table } of this.#tables) await sql`delete from ${sql.table(table.name)}`.execute(trx);
      await this.#put(trx, delta);
    });
  }

  async stop(at: number, stopped: Stop): Promise<void> {
    const row = this.#writer.updateTable('projections').set({ stopped: JSON.stringify(stopped) });
    await row.where('name', '=', this.#name).where('position', '=', at).execute();
  }

  async #put(trx: Database, delta: Delta): Promise<void> {
    for (const { table, put } of this.#tables) {
      const gone = table.gone?.(delta) ?? [];
      if (gone.length > 0) {
        const key = sql.join(keyOf(table).map((name) => sql.ref(name)));
        await sql`delete from ${sql.table(table.name)} where (${key}) in ${this.capabilities.pairs(gone)}`.execute(trx);
      }
      await put.run(trx, table.rows(delta));
    }
  }
}

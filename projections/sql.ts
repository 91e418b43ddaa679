import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { BulkInsert } from '../events/journal/sql/bulk.ts';
import type { Capabilities } from '../events/journal/sql/capabilities.ts';
import type { JournalTables } from '../events/journal/sql/tables.ts';
import { INVENTORY_NAME, type InventoryDelta } from './inventory.ts';
import type { MemberStatus } from '../events/fields.ts';
import type { InventoryStore, MemberRow, PnInventory } from './port.ts';
import { overlapError } from './port.ts';

type InventoryTables = {
  readonly pn_inventory: {
    readonly pn_id: string;
    readonly device_id: string;
    readonly status: MemberStatus;
    readonly cpns_id: string | null;
    readonly revision: number;
  };
  readonly pn_revision: { readonly pn_id: string; readonly revision: number };
  readonly pn_inventory_checkpoint: {
    readonly id: 1;
    readonly shape: number;
    readonly position: number;
  };
};
type Database = Kysely<JournalTables & InventoryTables>;

/** Raised with every change of the tables or of what the fold puts there: older rows are dropped and built again. */
const SHAPE = 1;

function inventoryTables({ types: { text, number }, table }: Capabilities) {
  return [
    sql`drop table if exists pn_inventory`,
    sql`drop table if exists pn_revision`,
    sql`drop table if exists pn_inventory_checkpoint`,
    sql`create table pn_inventory (
      pn_id ${text} not null, device_id ${text} not null, status ${text} not null, cpns_id ${text},
      revision ${number} not null, primary key (pn_id, device_id)) ${table.keyed}`,
    sql`create table pn_revision (pn_id ${text} primary key, revision ${number} not null) ${table.keyed}`,
    sql`create table pn_inventory_checkpoint (
      id integer primary key check (id = 1), shape integer not null, position ${number} not null) ${table.hot}`,
    sql`insert into pn_inventory_checkpoint (id, shape, position) values (1, ${sql.lit(SHAPE)}, 0)`,
  ];
}

/** The journal's connections; a journal on SQLite or PostgreSQL is one. */
export interface Connections {
  readonly writer: Kysely<JournalTables>;
  readonly db: Kysely<JournalTables>;
  readonly capabilities: Capabilities;
}

/** Opens the read model in the journal's own database and sets up its tables where they are absent or of another shape. */
export async function openInventoryStore(journal: Connections): Promise<InventoryStore> {
  const writer = journal.writer.$extendTables<InventoryTables>();
  await writer.transaction().execute(async (trx) => {
    // Another process may be setting them up: it holds the head for that long, as every batch does.
    await trx.updateTable('head').set({ id: 1 }).execute();
    if ((await hasTables(trx, journal.capabilities)) && (await shapeOf(trx)) === SHAPE) return;
    for (const statement of inventoryTables(journal.capabilities)) await statement.execute(trx);
  });
  return new SqlInventoryStore(writer, journal.db.$extendTables<InventoryTables>(), journal.capabilities);
}

/** The inventory as a reader beside the server finds it: one PN, or all. Empty where no projection was ever built. */
export async function readInventoryOf(
  journal: Omit<Connections, 'writer'>,
  pnId?: string,
): Promise<readonly PnInventory[]> {
  const db = journal.db.$extendTables<InventoryTables>();
  return (await hasTables(db, journal.capabilities)) ? readInventory(db, pnId) : [];
}

class SqlInventoryStore implements InventoryStore {
  readonly #writer: Database;
  readonly #reader: Database;
  readonly #putMembers: BulkInsert;
  readonly #putRevisions: BulkInsert;
  readonly #capabilities: Capabilities;
  constructor(writer: Database, reader: Database, capabilities: Capabilities) {
    this.#capabilities = capabilities;
    this.#writer = writer;
    this.#reader = reader;
    this.#putMembers = new BulkInsert((size) => compilePutMembers(writer, size));
    this.#putRevisions = new BulkInsert((size) => compilePutRevisions(writer, size));
  }

  checkpoint(): Promise<number> {
    return checkpointOf(this.#reader);
  }

  async revisions(pnIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (pnIds.length === 0) return new Map();
    const given = this.#capabilities.list(pnIds);
    const rows = await this.#reader.selectFrom('pn_revision').selectAll().where('pn_id', 'in', given).execute();
    return new Map(rows.map((row) => [row.pn_id, row.revision]));
  }

  async advance(step: { readonly from: number; readonly to: number; readonly delta: InventoryDelta }): Promise<void> {
    await this.#writer.transaction().execute(async (trx) => {
      // First of all, for it is the fence: whoever else is about to move the checkpoint waits here, and then finds it moved.
      const checkpoint = trx.updateTable('pn_inventory_checkpoint').set({ position: step.to });
      const { numUpdatedRows } = await checkpoint.where('position', '=', step.from).executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) throw overlapError(INVENTORY_NAME, step.from, await checkpointOf(trx));
      await this.#put(trx, step.delta);
    });
  }

  async replace(state: { readonly to: number; readonly delta: InventoryDelta }): Promise<void> {
    await this.#writer.transaction().execute(async (trx) => {
      await trx.updateTable('pn_inventory_checkpoint').set({ position: state.to }).execute();
      await trx.deleteFrom('pn_inventory').execute();
      await trx.deleteFrom('pn_revision').execute();
      await this.#put(trx, state.delta);
    });
  }

  inventory(pnId?: string): Promise<readonly PnInventory[]> {
    return readInventory(this.#reader, pnId);
  }

  async #put(trx: Database, delta: InventoryDelta): Promise<void> {
    const rows = [...delta.members].flatMap(([pnId, members]) =>
      [...members].map(([deviceId, row]) => ({ pnId, deviceId, row })),
    );
    const removed = rows.flatMap(({ pnId, deviceId, row }) => (row === null ? [[pnId, deviceId] as const] : []));
    if (removed.length > 0) {
      const gone = this.#capabilities.pairs(removed);
      await sql`delete from pn_inventory where (pn_id, device_id) in ${gone}`.execute(trx);
    }
    const kept = rows.flatMap(({ pnId, row }) =>
      row === null ? [] : [[pnId, row.deviceId, row.status, row.cpnsId, row.revision]],
    );
    await this.#putMembers.run(trx, kept);
    await this.#putRevisions.run(trx, [...delta.revisions]);
  }
}

async function hasTables(db: Database, capabilities: Capabilities): Promise<boolean> {
  return (await capabilities.tables.execute(db)).rows.some(({ name }) => name === 'pn_inventory_checkpoint');
}

async function shapeOf(db: Database): Promise<number> {
  return (await db.selectFrom('pn_inventory_checkpoint').select('shape').executeTakeFirstOrThrow()).shape;
}

async function checkpointOf(db: Database): Promise<number> {
  return (await db.selectFrom('pn_inventory_checkpoint').select('position').executeTakeFirstOrThrow()).position;
}

/** One statement, so that revision and members are of the same moment. */
async function readInventory(db: Database, pnId?: string): Promise<readonly PnInventory[]> {
  const all = db
    .selectFrom('pn_revision as pn')
    .leftJoin('pn_inventory as member', 'member.pn_id', 'pn.pn_id')
    .select(['pn.pn_id', 'pn.revision as pn_revision'])
    .select(['member.device_id', 'member.status', 'member.cpns_id', 'member.revision'])
    .orderBy('pn.pn_id')
    .orderBy('member.device_id');
  const found = new Map<string, { pnId: string; revision: number; members: MemberRow[] }>();
  for (const row of await (pnId === undefined ? all : all.where('pn.pn_id', '=', pnId)).execute()) {
    const pn = found.get(row.pn_id) ?? { pnId: row.pn_id, revision: row.pn_revision, members: [] };
    found.set(row.pn_id, pn);
    const { device_id: deviceId, status, cpns_id: cpnsId, revision } = row;
    if (deviceId !== null && status !== null && revision !== null) {
      pn.members.push({ deviceId, status, cpnsId, revision });
    }
  }
  return [...found.values()];
}

function compilePutMembers(db: Database, size: number) {
  const row: InventoryTables['pn_inventory'] = { pn_id: '', device_id: '', status: 'member', cpns_id: '', revision: 0 };
  return db
    .insertInto('pn_inventory')
    .values(Array.from({ length: size }, () => row))
    .onConflict((on) =>
      on.columns(['pn_id', 'device_id']).doUpdateSet((set) => ({
        status: set.ref('excluded.status'),
        cpns_id: set.ref('excluded.cpns_id'),
        revision: set.ref('excluded.revision'),
      })),
    )
    .compile();
}

function compilePutRevisions(db: Database, size: number) {
  return db
    .insertInto('pn_revision')
    .values(Array.from({ length: size }, () => ({ pn_id: '', revision: 0 })))
    .onConflict((on) => on.column('pn_id').doUpdateSet((set) => ({ revision: set.ref('excluded.revision') })))
    .compile();
}

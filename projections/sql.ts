import type { Kysely } from 'kysely';
import type { MemberStatus } from '../events/fields.ts';
import type { JournalTables } from '../journal/sql/tables.ts';
import { hasRegister } from './checkpoints.ts';
import { INVENTORY } from './inventory.ts';
import type { InventoryStore, MemberRow, PnInventory, InventoryDelta } from './port.ts';
import { setUp, SqlStore, type Connections } from './sql-store.ts';

type InventoryTables = {
  readonly pn_inventory: {
    readonly pn_id: string;
    readonly device_id: string;
    readonly status: MemberStatus;
    readonly cpns_id: string | null;
    readonly revision: number;
  };
  readonly pn_revision: { readonly pn_id: string; readonly revision: number };
};
type Database = Kysely<JournalTables & InventoryTables>;

/** Opens the read model in the journal's own database and sets up its tables where they are absent or of another shape. */
export async function openInventoryStore(journal: Connections): Promise<InventoryStore> {
  await setUp(journal, INVENTORY);
  return new SqlInventoryStore(journal, INVENTORY);
}

/** The inventory as a reader beside the server finds it: one PN, or all. Empty where no projection was ever built. */
export async function readInventoryOf(
  { db, capabilities }: Pick<Connections, 'db' | 'capabilities'>,
  pnId?: string,
): Promise<readonly PnInventory[]> {
  return (await hasRegister(db, capabilities)) ? readInventory(db.$extendTables<InventoryTables>(), pnId) : [];
}

class SqlInventoryStore extends SqlStore<InventoryDelta> implements InventoryStore {
  async revisions(pnIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (pnIds.length === 0) return new Map();
    const given = this.capabilities.list(pnIds);
    const rows = await this.#db.selectFrom('pn_revision').selectAll().where('pn_id', 'in', given).execute();
    return new Map(rows.map((row) => [row.pn_id, row.revision]));
  }

  inventory(pnId?: string): Promise<readonly PnInventory[]> {
    return readInventory(this.#db, pnId);
  }

  get #db(): Database {
    return this.reader.$extendTables<InventoryTables>();
  }
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

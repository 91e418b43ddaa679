import type { Kysely } from 'kysely';
import { BulkInsert } from '../../events/journal/sql/bulk.ts';
import type { Capabilities } from '../../events/journal/sql/capabilities.ts';
import type { JournalTables } from '../../events/journal/sql/tables.ts';
import { overlapError } from '../port.ts';
import type { Connections } from '../sql.ts';
import { chargingTables, compilePutSessions, compilePutUsage, SHAPE, type ChargingTables } from './sql-tables.ts';
import {
  CHARGING_NAME,
  type ChargingDelta,
  type ChargingRecord,
  type ChargingStore,
  type RecordsQuestion,
} from './port.ts';

type Database = Kysely<JournalTables & ChargingTables>;

/** Opens the records in the journal's own database and sets up their tables where they are absent or of another shape. */
export async function openChargingStore({ writer: journal, db, capabilities }: Connections): Promise<ChargingStore> {
  const writer = journal.$extendTables<ChargingTables>();
  await writer.transaction().execute(async (trx) => {
    // Another process may be setting them up: it holds the head for that long, as every batch does.
    await trx.updateTable('head').set({ id: 1 }).execute();
    if ((await hasTables(trx, capabilities)) && (await shapeOf(trx)) === SHAPE) return;
    for (const statement of chargingTables(capabilities)) await statement.execute(trx);
  });
  return new SqlChargingStore(writer, db.$extendTables<ChargingTables>());
}

class SqlChargingStore implements ChargingStore {
  readonly #writer: Database;
  readonly #reader: Database;
  readonly #putUsage: BulkInsert;
  readonly #putSessions: BulkInsert;
  constructor(writer: Database, reader: Database) {
    this.#writer = writer;
    this.#reader = reader;
    this.#putUsage = new BulkInsert((size) => compilePutUsage(writer, size));
    this.#putSessions = new BulkInsert((size) => compilePutSessions(writer, size));
  }

  checkpoint(): Promise<number> {
    return checkpointOf(this.#reader);
  }

  async advance(step: { readonly from: number; readonly to: number; readonly delta: ChargingDelta }): Promise<void> {
    await this.#writer.transaction().execute(async (trx) => {
      // First of all, for it is the fence: whoever else is about to move the checkpoint waits here, and then finds it moved.
      const checkpoint = trx.updateTable('charging_checkpoint').set({ position: step.to });
      const { numUpdatedRows } = await checkpoint.where('position', '=', step.from).executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) throw overlapError(CHARGING_NAME, step.from, await checkpointOf(trx));
      await this.#put(trx, step.delta);
    });
  }

  async replace(state: { readonly to: number; readonly delta: ChargingDelta }): Promise<void> {
    await this.#writer.transaction().execute(async (trx) => {
      await trx.updateTable('charging_checkpoint').set({ position: state.to }).execute();
      await trx.deleteFrom('charging_usage').execute();
      await trx.deleteFrom('charging_session').execute();
      await this.#put(trx, state.delta);
    });
  }

  async records({ pnId, deviceId, after, limit }: RecordsQuestion): Promise<readonly ChargingRecord[]> {
    let query = this.#reader
      .selectFrom('charging_usage as usage')
      .leftJoin('charging_session as session', (join) =>
        join
          .onRef('session.pn_id', '=', 'usage.pn_id')
          .onRef('session.device_id', '=', 'usage.device_id')
          .onRef('session.key_id', '=', 'usage.key_id'),
      )
      .selectAll('usage')
      .select(['session.key_id as session_key', 'session.cpns_id', 'session.closed_at'])
      .orderBy('usage.pn_id')
      .orderBy('usage.device_id')
      .orderBy('usage.service_id')
      .orderBy('usage.key_id')
      .orderBy('usage.direction')
      .limit(limit);
    if (pnId !== null) query = query.where('usage.pn_id', '=', pnId);
    if (deviceId !== null) query = query.where('usage.device_id', '=', deviceId);
    if (after !== null) {
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(
          refTuple('usage.pn_id', 'usage.device_id', 'usage.service_id', 'usage.key_id', 'usage.direction'),
          '>',
          tuple(after.pnId, after.deviceId, after.serviceId, after.keyId, after.direction),
        ),
      );
    }
    const rows = await query.execute();
    return rows.map((row) => ({
      pnId: row.pn_id,
      deviceId: row.device_id,
      cpnsId: row.cpns_id,
      serviceId: row.service_id,
      keyId: row.key_id,
      direction: row.direction,
      server: { messages: row.server_messages, bytes: row.server_bytes },
      gateway: { messages: row.gateway_messages, bytes: row.gateway_bytes },
      from: row.from_ms,
      to: row.to_ms,
      session: row.session_key === null ? 'unknown' : row.closed_at === null ? 'open' : 'closed',
      closedAt: row.closed_at,
    }));
  }

  async #put(trx: Database, { usage, sessions }: ChargingDelta): Promise<void> {
    await this.#putUsage.run(
      trx,
      [...usage.values()].map(({ pnId, deviceId, serviceId, keyId, direction, server, gateway, from, to }) => {
        const counts = [server.messages, server.bytes, gateway.messages, gateway.bytes];
        return [pnId, deviceId, serviceId, keyId, direction, ...counts, from, to];
      }),
    );
    await this.#putSessions.run(
      trx,
      [...sessions.values()].map(({ pnId, deviceId, keyId, cpnsId, closedAt }) => {
        return [pnId, deviceId, keyId, cpnsId, closedAt];
      }),
    );
  }
}

async function hasTables(db: Database, { tables }: Capabilities): Promise<boolean> {
  return (await tables.execute(db)).rows.some(({ name }) => name === 'charging_checkpoint');
}

async function shapeOf(db: Database): Promise<number> {
  return (await db.selectFrom('charging_checkpoint').select('shape').executeTakeFirstOrThrow()).shape;
}

async function checkpointOf(db: Database): Promise<number> {
  return (await db.selectFrom('charging_checkpoint').select('position').executeTakeFirstOrThrow()).position;
}

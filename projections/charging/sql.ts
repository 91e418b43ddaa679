import type { Kysely } from 'kysely';
import type { JournalTables } from '../../journal/sql/tables.ts';
import { setUp, SqlStore, type Connections } from '../sql-store.ts';
import { CHARGING } from './model.ts';
import type { ChargingDelta, ChargingRecord, ChargingStore, RecordsQuestion } from './port.ts';

type ChargingTables = {
  readonly charging_usage: {
    readonly pn_id: string;
    readonly device_id: string;
    readonly service_id: string;
    readonly key_id: string;
    readonly direction: 'up' | 'down';
    readonly server_messages: number;
    readonly server_bytes: number;
    readonly gateway_messages: number;
    readonly gateway_bytes: number;
    readonly from_ms: number;
    readonly to_ms: number;
  };
  readonly charging_session: {
    readonly pn_id: string;
    readonly device_id: string;
    readonly key_id: string;
    readonly cpns_id: string | null;
    readonly closed_at: number | null;
  };
};
type Database = Kysely<JournalTables & ChargingTables>;

/** Opens the records in the journal's own database and sets up their tables where they are absent or of another shape. */
export async function openChargingStore(journal: Connections): Promise<ChargingStore> {
  await setUp(journal, CHARGING);
  return new SqlChargingStore(journal, CHARGING);
}

class SqlChargingStore extends SqlStore<ChargingDelta> implements ChargingStore {
  async records({ pnId, deviceId, after, limit }: RecordsQuestion): Promise<readonly ChargingRecord[]> {
    let query = this.#db
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

  get #db(): Database {
    return this.reader.$extendTables<ChargingTables>();
  }
}

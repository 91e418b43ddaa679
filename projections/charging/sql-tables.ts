import { sql, type CompiledQuery, type Kysely, type RawBuilder } from 'kysely';
import type { Capabilities } from '../../events/journal/sql/capabilities.ts';
import type { JournalTables } from '../../events/journal/sql/tables.ts';

export type ChargingTables = {
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
  readonly charging_checkpoint: { readonly id: 1; readonly shape: number; readonly position: number };
};
type Database = Kysely<JournalTables & ChargingTables>;

/** Raised with every change of the tables or of what the fold puts there: older rows are dropped and built again. */
export const SHAPE = 1;

export function chargingTables({ types: { text, number }, table }: Capabilities) {
  return [
    sql`drop table if exists charging_usage`,
    sql`drop table if exists charging_session`,
    sql`drop table if exists charging_checkpoint`,
    sql`create table charging_usage (
      pn_id ${text} not null, device_id ${text} not null, service_id ${text} not null, key_id ${text} not null,
      direction ${text} not null, server_messages ${number} not null, server_bytes ${number} not null,
      gateway_messages ${number} not null, gateway_bytes ${number} not null, from_ms ${number} not null,
      to_ms ${number} not null, primary key (pn_id, device_id, service_id, key_id, direction)) ${table.keyed}`,
    sql`create table charging_session (
      pn_id ${text} not null, device_id ${text} not null, key_id ${text} not null, cpns_id ${text},
      closed_at ${number}, primary key (pn_id, device_id, key_id)) ${table.keyed}`,
    sql`create table charging_checkpoint (
      id integer primary key check (id = 1), shape integer not null, position ${number} not null) ${table.hot}`,
    sql`insert into charging_checkpoint (id, shape, position) values (1, ${sql.lit(SHAPE)}, 0)`,
  ];
}

type Count = 'server_messages' | 'server_bytes' | 'gateway_messages' | 'gateway_bytes';

/** As `addCount`: a number that Node could not read back would stop every reader. */
function added(column: Count): RawBuilder<number> {
  const sum = sql`${sql.ref(`charging_usage.${column}`)} + ${sql.ref(`excluded.${column}`)}`;
  const most = sql.lit(Number.MAX_SAFE_INTEGER);
  return sql<number>`case when ${sum} > ${most} then ${most} else ${sum} end`;
}

/** The lesser or the greater of two values: the databases have different names for it. */
function further(column: 'from_ms' | 'to_ms', than: '<' | '>'): RawBuilder<number> {
  const [ours, theirs] = [sql.ref(`charging_usage.${column}`), sql.ref(`excluded.${column}`)];
  return sql<number>`case when ${ours} ${sql.raw(than)} ${theirs} then ${ours} else ${theirs} end`;
}

export function compilePutUsage(db: Database, size: number): CompiledQuery {
  const row: ChargingTables['charging_usage'] = {
    pn_id: '',
    device_id: '',
    service_id: '',
    key_id: '',
    direction: 'up',
    server_messages: 0,
    server_bytes: 0,
    gateway_messages: 0,
    gateway_bytes: 0,
    from_ms: 0,
    to_ms: 0,
  };
  return db
    .insertInto('charging_usage')
    .values(Array.from({ length: size }, () => row))
    .onConflict((on) =>
      on.columns(['pn_id', 'device_id', 'service_id', 'key_id', 'direction']).doUpdateSet({
        server_messages: added('server_messages'),
        server_bytes: added('server_bytes'),
        gateway_messages: added('gateway_messages'),
        gateway_bytes: added('gateway_bytes'),
        from_ms: further('from_ms', '<'),
        to_ms: further('to_ms', '>'),
      }),
    )
    .compile();
}

/** What is known of a session stays known. */
export function compilePutSessions(db: Database, size: number): CompiledQuery {
  const row: ChargingTables['charging_session'] = { pn_id: '', device_id: '', key_id: '', cpns_id: '', closed_at: 0 };
  return db
    .insertInto('charging_session')
    .values(Array.from({ length: size }, () => row))
    .onConflict((on) =>
      on.columns(['pn_id', 'device_id', 'key_id']).doUpdateSet({
        cpns_id: sql<string | null>`coalesce(charging_session.cpns_id, excluded.cpns_id)`,
        closed_at: sql<number | null>`coalesce(charging_session.closed_at, excluded.closed_at)`,
      }),
    )
    .compile();
}

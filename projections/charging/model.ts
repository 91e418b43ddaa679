import { sql, type RawBuilder } from 'kysely';
import type { ReadModel } from '../port.ts';
import type { ReadTable } from '../tables.ts';
import { ChargingFold } from './fold.ts';
import { CHARGING_NAME, type ChargingDelta } from './port.ts';

/** As `addCount`: a number that Node could not read back would stop every reader. */
function added(column: string): RawBuilder<unknown> {
  const sum = sql`${sql.ref(`charging_usage.${column}`)} + ${sql.ref(`excluded.${column}`)}`;
  const most = sql.lit(Number.MAX_SAFE_INTEGER);
  return sql`case when ${sum} > ${most} then ${most} else ${sum} end`;
}

/** The lesser or the greater of two values: the databases have different names for it. */
function further(column: string, than: '<' | '>'): RawBuilder<unknown> {
  const [ours, theirs] = [sql.ref(`charging_usage.${column}`), sql.ref(`excluded.${column}`)];
  return sql`case when ${ours} ${sql.raw(than)} ${theirs} then ${ours} else ${theirs} end`;
}

/** What is known of a session stays known. */
const kept = (column: string): RawBuilder<unknown> =>
  sql`coalesce(${sql.ref(`charging_session.${column}`)}, ${sql.ref(`excluded.${column}`)})`;

const USAGE: ReadTable<ChargingDelta> = {
  name: 'charging_usage',
  columns: {
    pn_id: 'text',
    device_id: 'text',
    service_id: 'text',
    key_id: 'text',
    direction: 'text',
    server_messages: 'number',
    server_bytes: 'number',
    gateway_messages: 'number',
    gateway_bytes: 'number',
    from_ms: 'number',
    to_ms: 'number',
  },
  keyColumns: 5,
  merge: {
    server_messages: added('server_messages'),
    server_bytes: added('server_bytes'),
    gateway_messages: added('gateway_messages'),
    gateway_bytes: added('gateway_bytes'),
    from_ms: further('from_ms', '<'),
    to_ms: further('to_ms', '>'),
  },
  rows: ({ usage }) =>
    [...usage.values()].map(({ pnId, deviceId, serviceId, keyId, direction, server, gateway, from, to }) => {
      const counts = [server.messages, server.bytes, gateway.messages, gateway.bytes];
      return [pnId, deviceId, serviceId, keyId, direction, ...counts, from, to];
    }),
};

const SESSIONS: ReadTable<ChargingDelta> = {
  name: 'charging_session',
  columns: { pn_id: 'text', device_id: 'text', key_id: 'text', cpns_id: 'text?', closed_at: 'number?' },
  keyColumns: 3,
  merge: { cpns_id: kept('cpns_id'), closed_at: kept('closed_at') },
  rows: ({ sessions }) =>
    [...sessions.values()].map(({ pnId, deviceId, keyId, cpnsId, closedAt }) => {
      return [pnId, deviceId, keyId, cpnsId, closedAt];
    }),
};

export const CHARGING: ReadModel<ChargingDelta> = {
  name: CHARGING_NAME,
  shape: 1,
  tables: [USAGE, SESSIONS],
  foldAnew: () => new ChargingFold(),
};

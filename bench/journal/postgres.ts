import type { PoolClient } from 'pg';
import { Pool } from 'pg';
import type { Commit } from '../../journal/port.ts';
import { openPostgresJournal } from '../../journal/postgres/open.ts';
import { startPostgres } from '../../test/postgres/server.ts';
import type { Contestants, Floor } from './contestants.ts';
import type { InventoryData, Pn } from './inventory.ts';
import { applyByHand } from './inventory.ts';

/** As many as a server takes before they get in each other's way. */
const CONNECTIONS = 16;

/** A server for the run, and a journal in a database of its own each time. */
export async function postgres(): Promise<Contestants> {
  const server = await startPostgres();
  const admin = new Pool({ connectionString: server.url('postgres'), max: 1 });
  // The server ends while the last connection is still being closed.
  admin.on('error', () => undefined);
  let databases = 0;
  return {
    name: 'PostgreSQL',
    async open() {
      const database = `bench_${++databases}`;
      await admin.query(`create database ${database}`);
      const url = server.url(database);
      const journal = await openPostgresJournal(url);
      const dispose = async (): Promise<void> => void (await admin.query(`drop database ${database} with (force)`));
      return { journal, openFloor: () => openFloor(url), dispose };
    },
    async close() {
      await admin.end();
      await server.stop();
    },
  };
}

const EVENTS = `insert into events (position, stream, version, type, schema_version, data, message_id, correlation_id,
  causation_id, role, chart_id, chart_hash, cr_step, recorded_at)
  select * from unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[],
  $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])`;
const INBOX = 'insert into inbox select * from unnest($1::text[], $2::bigint[], $3::int[])';
const PAGE = 'select * from events where position > $1 order by position limit $2';

/** What somebody writes by hand over `pg`: same tables, same rows, same durability, prepared statements, no checks. */
async function openFloor(url: string): Promise<Floor> {
  const pool = new Pool({ connectionString: url, max: CONNECTIONS });
  pool.on('error', () => undefined);
  return {
    append: async (commits, perTransaction) => {
      const client = await pool.connect();
      let position = 0;
      const versions = new Map<string, number>();
      for (let i = 0; i < commits.length; i += perTransaction) {
        position = await insert(client, commits.slice(i, i + perTransaction), position, versions);
      }
      client.release();
      return position;
    },
    appendEach: async (commits) => {
      const versions = new Map<string, number>();
      let next = 0;
      const caller = async (): Promise<void> => {
        for (let i = next++; i < commits.length; i = next++) {
          const client = await pool.connect();
          const commit = commits[i];
          if (commit !== undefined) await insert(client, [commit], null, versions);
          client.release();
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, caller));
      return commits.length;
    },
    read: (page) => eachPage(pool, page, (data) => void data),
    rebuild: (page) => rebuildByHand(pool, page),
    close: () => pool.end(),
  };
}

/** One transaction. @param from the last position, or null: the head row tells, and is locked @returns the new one */
async function insert(
  client: PoolClient,
  commits: readonly Commit[],
  from: number | null,
  versions: Map<string, number>,
): Promise<number> {
  await client.query('begin');
  let position = from ?? (await lockHead(client));
  const rows: (readonly unknown[])[] = [];
  const inbox: (readonly unknown[])[] = [];
  for (const { messageKey, appends } of commits) {
    const first = position + 1;
    for (const { stream, events } of appends) {
      let version = versions.get(stream) ?? 0;
      for (const { type, schemaVersion, data, meta: m } of events) {
        const what = [++position, stream, ++version, type, schemaVersion, JSON.stringify(data)];
        const { id, hash } = m.chart;
        rows.push([...what, m.messageId, m.correlationId, m.causationId, m.role, id, hash, m.crStep, m.recordedAt]);
      }
      versions.set(stream, version);
    }
    inbox.push([messageKey, first, position - first + 1]);
  }
  await client.query({ name: 'events', text: EVENTS, values: columns(rows) });
  await client.query({ name: 'inbox', text: INBOX, values: columns(inbox) });
  await client.query({ name: 'head', text: 'update head set position = $1', values: [position] });
  await client.query('commit');
  return position;
}

async function lockHead(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ position: string }>('select position from head for update');
  return Number(rows[0]?.position);
}

function columns(rows: readonly (readonly unknown[])[]): unknown[][] {
  return (rows[0] ?? []).map((_, i) => rows.map((row) => row[i]));
}

/** Reads all events in order, a page at a time, and parses their data. */
async function eachPage(pool: Pool, page: number, visit: (data: InventoryData) => void): Promise<number> {
  let position = 0;
  for (;;) {
    const query = { name: 'page', text: PAGE, values: [position, page] };
    const { rows } = await pool.query<{ position: string; data: string }>(query);
    if (rows.length === 0) return position;
    for (const row of rows) {
      const data: InventoryData = JSON.parse(row.data);
      visit(data);
      position = Number(row.position);
    }
  }
}

/** Folds the inventory into maps, then writes it in one transaction. */
async function rebuildByHand(pool: Pool, page: number): Promise<number> {
  const pns = new Map<string, Pn>();
  const position = await eachPage(pool, page, (data) => applyByHand(pns, data));
  const members: unknown[][] = [];
  const revisions: unknown[][] = [];
  for (const [pnId, pn] of pns) {
    for (const m of pn.members.values()) members.push([pnId, m.deviceId, m.status, m.cpnsId, m.revision]);
    revisions.push([pnId, pn.revision]);
  }
  const client = await pool.connect();
  await client.query('begin; delete from pn_inventory; delete from pn_revision');
  const putMembers =
    'insert into pn_inventory select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])';
  await client.query(putMembers, columns(members));
  await client.query('insert into pn_revision select * from unnest($1::text[], $2::bigint[])', columns(revisions));
  await client.query('update projections set position = $1', [position]);
  await client.query('commit');
  client.release();
  return position;
}

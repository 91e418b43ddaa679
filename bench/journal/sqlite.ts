import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Commit } from '../../journal/port.ts';
import { openSqliteJournal } from '../../journal/sqlite/open.ts';
import type { Contestants, Floor } from './contestants.ts';
import type { InventoryData, Pn } from './inventory.ts';
import { applyByHand } from './inventory.ts';

/** All columns but the leaf of the Merkle tree, which nobody keeps by hand. */
const INSERT_EVENT = `insert into events (position, stream, version, type, schema_version, data, message_id,
  correlation_id, causation_id, role, chart_id, chart_hash, cr_step, recorded_at) values (${Array(14).fill('?').join(', ')})`;

/** What somebody writes by hand over `node:sqlite`: same tables, same rows, same settings, no checks, no types. */
export function openByHand(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -16384; pragma wal_autocheckpoint = 4000',
  );
  return db;
}

function floorOn(db: DatabaseSync): Floor {
  return {
    append: async (commits, perTransaction) => appendByHand(db, commits, perTransaction),
    appendEach: async (commits) => appendByHand(db, commits, 1),
    read: async (page) => readByHand(db, page),
    rebuild: async (page) => rebuildByHand(db, page),
    close: async () => db.close(),
  };
}

/** A journal in a file of its own each time. */
export const sqlite: Contestants = {
  name: 'SQLite',
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'cpns-bench-'));
    const file = join(folder, 'journal.db');
    const journal = await openSqliteJournal(file);
    return {
      journal,
      openFloor: async () => floorOn(openByHand(file)),
      dispose: async () => rmSync(folder, { recursive: true }),
    };
  },
  close: async () => {},
};

/** Appends the commits, `perTransaction` of them in one transaction, a kept statement run for each row. */
function appendByHand(db: DatabaseSync, commits: readonly Commit[], perTransaction: number): number {
  const event = db.prepare(INSERT_EVENT);
  const inbox = db.prepare('insert into inbox values (?, ?, ?)');
  const head = db.prepare('update head set position = ?');
  const versions = new Map<string, number>();
  let position = 0;
  for (let i = 0; i < commits.length; i += perTransaction) {
    db.exec('begin immediate');
    for (const { messageKey, appends } of commits.slice(i, i + perTransaction)) {
      const first = position + 1;
      for (const { stream, events } of appends) {
        let version = versions.get(stream) ?? 0;
        for (const { type, schemaVersion, data, meta: m } of events) {
          const what = [++position, stream, ++version, type, schemaVersion, JSON.stringify(data)];
          const { id, hash } = m.chart;
          event.run(...what, m.messageId, m.correlationId, m.causationId, m.role, id, hash, m.crStep, m.recordedAt);
        }
        versions.set(stream, version);
      }
      inbox.run(messageKey, first, position - first + 1);
    }
    head.run(position);
    db.exec('commit');
  }
  return position;
}

/** Reads all events in order, a page at a time, and parses their data. */
function readByHand(db: DatabaseSync, page: number): number {
  const select = db.prepare('select * from events where position > ? order by position limit ?');
  let position = 0;
  for (;;) {
    const rows = select.all(position, page);
    if (rows.length === 0) return position;
    for (const row of rows) {
      row['data'] = JSON.parse(String(row['data']));
      position = Number(row['position']);
    }
  }
}

/** Folds the inventory into maps without any check, then writes it in one transaction. */
function rebuildByHand(db: DatabaseSync, page: number): number {
  const pns = new Map<string, Pn>();
  const select = db.prepare('select * from events where position > ? order by position limit ?');
  let position = 0;
  for (let rows = select.all(position, page); rows.length > 0; rows = select.all(position, page)) {
    for (const row of rows) {
      const data: InventoryData = JSON.parse(String(row['data']));
      applyByHand(pns, data);
      position = Number(row['position']);
    }
  }
  const putMember = db.prepare('insert into pn_inventory values (?, ?, ?, ?, ?)');
  const putRevision = db.prepare('insert into pn_revision values (?, ?)');
  db.exec('begin immediate; delete from pn_inventory; delete from pn_revision');
  for (const [pnId, { revision, members }] of pns) {
    for (const m of members.values()) putMember.run(pnId, m.deviceId, m.status, m.cpnsId, m.revision);
    putRevision.run(pnId, revision);
  }
  db.prepare('update projections set position = ?').run(position);
  db.exec('commit');
  return position;
}

import { DatabaseSync } from 'node:sqlite';
import type { Commit } from '../../events/journal/port.ts';

/** What somebody writes by hand over `node:sqlite`: same tables, same rows, same durability, no checks, no types. */
export function openFloor(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -16384');
  return db;
}

/** Appends the commits, `perTransaction` of them in one transaction, a kept statement run for each row. */
export function appendByHand(db: DatabaseSync, commits: readonly Commit[], perTransaction: number): void {
  const event = db.prepare(`insert into events values (${Array(14).fill('?').join(', ')})`);
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
}

/** Reads all events in order, a page at a time, and parses their data. */
export function readByHand(db: DatabaseSync, page: number): number {
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

interface Change {
  readonly revision: number;
  readonly deviceId: string;
  readonly status: string;
  readonly cpnsId: string | null;
}

/** Folds the inventory into maps without any check, then writes it in one transaction. */
export function rebuildByHand(db: DatabaseSync, page: number): number {
  const pns = new Map<string, { revision: number; members: Map<string, Change> }>();
  const fold = (data: { inventory?: { pnId: string; changes: readonly Change[] } }): void => {
    if (data.inventory === undefined) return;
    const { pnId, changes } = data.inventory;
    let pn = pns.get(pnId);
    if (pn === undefined) pns.set(pnId, (pn = { revision: 0, members: new Map() }));
    for (const change of changes) {
      pn.revision = change.revision;
      if (change.status === 'removed') pn.members.delete(change.deviceId);
      else pn.members.set(change.deviceId, change);
    }
  };
  const select = db.prepare('select * from events where position > ? order by position limit ?');
  let position = 0;
  for (let rows = select.all(position, page); rows.length > 0; rows = select.all(position, page)) {
    for (const row of rows) {
      fold(JSON.parse(String(row['data'])));
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
  db.prepare('update pn_inventory_checkpoint set position = ?').run(position);
  db.exec('commit');
  return position;
}

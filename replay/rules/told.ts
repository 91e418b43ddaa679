import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';

/** One end of an exchange, as one journal tells it. */
export interface Told {
  /** What was exchanged, and the id that both ends call it. */
  readonly exchange: string;
  readonly id: string;
  readonly journal: number;
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  /** JSON: what this end says of it. */
  readonly facts: string;
}

/** Whoever should have sent what was received, and whether it must be in that journal. */
export interface Received extends Told {
  readonly from: string;
}

/** Both ends of what several journals tell of each other, joined at the end: any number of them, in a scratch database. */
export class ToldTable {
  readonly #database: DatabaseSync;
  readonly #sent: StatementSync;
  readonly #received: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    for (const [table, more] of [
      ['sent', ''],
      ['received', ', "from" text not null'],
    ] as const) {
      database.exec(`create table ${table} (exchange text not null, id text not null, journal integer not null,
        position integer not null, stream text not null, version integer not null, type text not null,
        facts text not null${more}, primary key (exchange, id, journal)) strict, without rowid`);
    }
    // The first of several counts: it was sent, or taken in, once more.
    this.#sent = database.prepare('insert or ignore into sent values (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#received = database.prepare('insert or ignore into received values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  }

  sent(one: Told): void {
    this.#sent.run(...columns(one));
  }

  received(one: Received): void {
    this.#received.run(...columns(one), one.from);
  }

  /** What has both ends. */
  *pairs(): Iterable<{ readonly sent: Told; readonly received: Told }> {
    const of = (table: string) => NAMES.map((name) => `${table}.${name} as ${table}_${name}`).join(', ');
    const query = `select ${of('sent')}, ${of('received')} from received join sent using (exchange, id)
      order by received.journal, received.position, received.exchange, sent.journal`;
    for (const row of this.#database.prepare(query).iterate())
      yield { sent: toldOf(row, 'sent_'), received: toldOf(row, 'received_') };
  }

  /** What was received, and no journal tells of its sending. */
  *unsent(): Iterable<Received> {
    const query = `select * from received where not exists
      (select 1 from sent where sent.exchange = received.exchange and sent.id = received.id)
      order by journal, position, exchange`;
    for (const row of this.#database.prepare(query).iterate()) yield { ...toldOf(row, ''), from: String(row['from']) };
  }
}

const NAMES = ['exchange', 'id', 'journal', 'position', 'stream', 'version', 'type', 'facts'] as const;

const columns = (one: Told) =>
  [one.exchange, one.id, one.journal, one.position, one.stream, one.version, one.type, one.facts] as const;

function toldOf(row: { readonly [column: string]: SQLOutputValue }, prefix: string): Told {
  const word = (name: string): string => String(row[`${prefix}${name}`]);
  const number = (name: string): number => Number(row[`${prefix}${name}`]);
  return {
    exchange: word('exchange'),
    id: word('id'),
    journal: number('journal'),
    position: number('position'),
    stream: word('stream'),
    version: number('version'),
    type: word('type'),
    facts: word('facts'),
  };
}

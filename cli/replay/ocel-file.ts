import { renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  OCEL_TABLES,
  OCEL_TYPE_ROWS,
  ocelEventRows,
  ocelEventType,
  ocelObjectRows,
  type OcelRow,
} from '../../replay/export/ocel-tables.ts';
import type { OcelEvent, OcelObject } from '../../replay/export/ocel.ts';

/** An OCEL 2.0 log as a SQLite file. It has its name once it is whole; before, it is `FILE.new`. */
export class OcelFile {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #inserts = new Map<string, StatementSync>();
  readonly #types = new Set<string>();

  constructor(path: string) {
    this.#path = path;
    rmSync(this.#temporary, { force: true });
    this.#db = new DatabaseSync(this.#temporary);
    // Relations may name objects that follow; it is all or nothing, and a new file, so nothing is lost without a sync.
    this.#db.exec('pragma foreign_keys = off; pragma synchronous = off; pragma journal_mode = off; begin');
    for (const table of OCEL_TABLES) this.#db.exec(table);
    for (const row of OCEL_TYPE_ROWS) this.#insert(row);
  }

  event(event: OcelEvent): void {
    if (!this.#types.has(event.type)) {
      this.#types.add(event.type);
      const { table, row } = ocelEventType(event.type);
      this.#db.exec(table);
      this.#insert(row);
    }
    for (const row of ocelEventRows(event)) this.#insert(row);
  }

  /** @throws Error where a relation names what is not there: a fault of ours */
  finish(objects: Iterable<OcelObject>): void {
    for (const object of objects) for (const row of ocelObjectRows(object)) this.#insert(row);
    this.#db.exec('commit');
    const dangling = this.#db.prepare('pragma foreign_key_check').all();
    if (dangling.length > 0) throw new Error(`The log has ${dangling.length} relations to what is not in it.`);
    this.#db.close();
    renameSync(this.#temporary, this.#path);
  }

  /** Leaves nothing behind. */
  abandon(): void {
    if (this.#db.isOpen) this.#db.close();
    rmSync(this.#temporary, { force: true });
  }

  get #temporary(): string {
    return `${this.#path}.new`;
  }

  #insert({ table, values }: OcelRow): void {
    const known = this.#inserts.get(table);
    const statement = known ?? this.#db.prepare(`insert into "${table}" values (${values.map(() => '?').join(', ')})`);
    if (known === undefined) this.#inserts.set(table, statement);
    statement.run(...values);
  }
}

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Sieve } from './sieve.ts';

/** How a value is kept as text. */
export interface Codec<Value> {
  write(value: Value): string;
  read(text: string): Value;
}

export const NUMBER: Codec<number> = { write: String, read: Number };
export const TEXT: Codec<string> = { write: (value) => value, read: (text) => text };

/**
 * A map of any size in bounded memory. Two generations: what was used lately is in memory; when the young generation is
 * full, whatever of the old one was not asked for again goes to the database in one go. A value may be changed in place as
 * long as it is in use: it is written when it leaves.
 */
export class Shelf<Value> {
  readonly #codec: Codec<Value>;
  readonly #hot: number;
  readonly #find: StatementSync;
  readonly #keep: StatementSync;
  readonly #forget: StatementSync;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  /** Keys that the database may hold: for others nobody asks it. Null until it holds any. */
  #spilled: Sieve | null = null;

  /** @param table a name of its own in that database */
  constructor(database: DatabaseSync, table: string, codec: Codec<Value>, hot: number) {
    this.#codec = codec;
    this.#hot = hot;
    database.exec(`create table ${table} (key text primary key, value text not null) strict, without rowid`);
    this.#find = database.prepare(`select value from ${table} where key = ?`);
    this.#keep = database.prepare(`insert or replace into ${table} values (?, ?)`);
    this.#forget = database.prepare(`delete from ${table} where key = ?`);
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const value = this.#old.get(key) ?? this.#spilledValue(key);
    if (value !== undefined) {
      this.#old.delete(key);
      this.#put(key, value);
    }
    return value;
  }

  set(key: string, value: Value): void {
    this.#old.delete(key);
    this.#put(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
    if (this.#spilled?.mayHave(key) === true) this.#forget.run(key);
  }

  #put(key: string, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size <= this.#hot) return;
    this.#spill();
    this.#old = this.#young;
    this.#young = new Map();
  }

  #spill(): void {
    if (this.#old.size === 0) return;
    this.#spilled ??= new Sieve();
    for (const [key, value] of this.#old) {
      this.#spilled.add(key);
      this.#keep.run(key, this.#codec.write(value));
    }
  }

  #spilledValue(key: string): Value | undefined {
    if (this.#spilled?.mayHave(key) !== true) return undefined;
    const text = this.#find.get(key)?.['value'];
    return typeof text === 'string' ? this.#codec.read(text) : undefined;
  }
}

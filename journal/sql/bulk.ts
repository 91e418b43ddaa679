import type { CompiledQuery } from 'kysely';

/**
 * Rows per statement, largest first, for read models: Kysely's executor takes some 10 us for each statement, SQLite itself
 * takes longer for a row of many in one statement (6 us of 16, 4 us alone).
 */
const SIZES = [16, 8, 4, 2, 1] as const;

/** A row's values in the order of the columns. */
export type Values = readonly (null | number | string | Uint8Array)[];

/** A Kysely instance or transaction, whatever its tables. */
export interface Executor {
  executeQuery(query: CompiledQuery): Promise<unknown>;
}

/** An insert of any number of rows that is compiled once, for a few fixed sizes. */
export class BulkInsert {
  readonly #compiled: readonly { readonly size: number; readonly query: CompiledQuery }[];
  /** @param compile the statement for so many rows; its parameters are replaced */
  constructor(compile: (size: number) => CompiledQuery) {
    this.#compiled = SIZES.map((size) => ({ size, query: compile(size) }));
  }

  async run(db: Executor, rows: readonly Values[]): Promise<void> {
    let done = 0;
    for (const { size, query } of this.#compiled) {
      for (; rows.length - done >= size; done += size) {
        const parameters: Values[number][] = [];
        for (let i = done; i < done + size; i++) for (const value of rows[i] ?? []) parameters.push(value);
        await db.executeQuery({ ...query, parameters });
      }
    }
  }
}

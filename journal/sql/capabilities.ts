import type { RawBuilder } from 'kysely';

type Fragment = RawBuilder<unknown>;

/** Where the databases differ, by name: tables, migrations and read models are written once over these. */
export interface Capabilities {
  readonly types: {
    /** Compared and sorted by code unit, as memory does. */
    readonly text: Fragment;
    /** Whole numbers up to 2^53. */
    readonly number: Fragment;
    readonly bytes: Fragment;
  };
  /** What ends `create table`: rows in the order of their numbers, rows found by key alone, one row that every batch moves. */
  readonly table: { readonly rows: Fragment; readonly keyed: Fragment; readonly hot: Fragment };
  /** The column that tells in which order rows came in; `definition` where the database has none of its own. */
  readonly arrival: { readonly column: string; readonly definition: Fragment };
  /** How many processes may write one journal; where several may, each notes the last batch of its own that was kept. */
  readonly writers: 'one' | 'several';
  /** Lets the transaction end before it is synced, for what may be lost; null where that would take a connection of its own. */
  readonly unsynced: Fragment | null;
  /** Marks the database as a journal. */
  readonly mark: Fragment;
  /** Names of the tables beside which ours are. */
  readonly tables: RawBuilder<{ readonly name: string }>;
  /** How much room all tables of the journal take. */
  readonly sizeBytes: RawBuilder<{ readonly bytes: number }>;
  /** One column of texts, and two, as subqueries for `in`. */
  list(texts: readonly string[]): RawBuilder<string>;
  pairs(texts: readonly (readonly [string, string])[]): Fragment;
  /** Where the part begins in the text, from 1; 0 where it is not in it. */
  indexOf(part: string, text: Fragment): Fragment;
}

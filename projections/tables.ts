import { sql, type CompiledQuery, type QueryExecutorProvider, type RawBuilder } from 'kysely';
import type { Values } from '../journal/sql/bulk.ts';
import type { Capabilities } from '../journal/sql/capabilities.ts';

/** `?`: may be null. */
type ColumnType = 'text' | 'text?' | 'number' | 'number?';

/** A table of a read model, of which everything follows: how it is made, written, emptied and compared. */
export interface ReadTable<Delta> {
  readonly name: string;
  /** Those of the key come first. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** How many columns are the key. */
  readonly keyColumns: number;
  /** What a column becomes of a row that is there; the new value, where it is not named. */
  readonly merge?: Readonly<Record<string, RawBuilder<unknown>>>;
  /** The rows that a delta puts there, in the order of the columns. */
  rows(delta: Delta): readonly Values[];
  /** Keys, of two columns, of the rows that a delta takes away; that happens before it puts rows there. */
  gone?(delta: Delta): readonly (readonly [string, string])[];
}

type Shape = Omit<ReadTable<never>, 'rows' | 'gone'>;

const namesOf = ({ columns }: Shape): readonly string[] => Object.keys(columns);
export const keyOf = (table: Shape): readonly string[] => namesOf(table).slice(0, table.keyColumns);
const refs = (names: readonly string[]): RawBuilder<unknown> => sql.join(names.map((name) => sql.ref(name)));

export function createTable(shape: Shape, { types, table }: Capabilities): readonly RawBuilder<unknown>[] {
  const columns = Object.entries(shape.columns).map(([name, type]) => {
    const base = type.startsWith('text') ? types.text : types.number;
    return sql`${sql.ref(name)} ${base} ${sql.raw(type.endsWith('?') ? '' : 'not null')}`;
  });
  const key = sql`primary key (${refs(keyOf(shape))})`;
  return [
    sql`drop table if exists ${sql.table(shape.name)}`,
    sql`create table ${sql.table(shape.name)} (${sql.join([...columns, key])}) ${table.keyed}`,
  ];
}

/** Puts so many rows; the parameters are replaced. */
export function compilePut(db: QueryExecutorProvider, shape: Shape, size: number): CompiledQuery {
  const names = namesOf(shape);
  const row = sql`(${sql.join(names.map(() => sql`${null}`))})`;
  const set = names
    .slice(shape.keyColumns)
    .map((name) => sql`${sql.ref(name)} = ${shape.merge?.[name] ?? sql.ref(`excluded.${name}`)}`);
  return sql`insert into ${sql.table(shape.name)} (${refs(names)})
    values ${sql.join(Array.from({ length: size }, () => row))}
    on conflict (${refs(keyOf(shape))}) do update set ${sql.join(set)}`.compile(db);
}

/** All rows by their key, in the order of the columns. */
export async function readTable(db: QueryExecutorProvider, shape: Shape): Promise<readonly Values[]> {
  const names = namesOf(shape);
  const query = sql<Readonly<Record<string, Values[number]>>>`
    select ${refs(names)} from ${sql.table(shape.name)} order by ${refs(keyOf(shape))}`;
  return (await query.execute(db)).rows.map((row) => names.map((name) => row[name] ?? null));
}

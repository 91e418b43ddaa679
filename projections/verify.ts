import type { Kysely } from 'kysely';
import type { JournalReader, RecordedEvent } from '../journal/port.ts';
import type { Values } from '../journal/sql/bulk.ts';
import type { JournalTables } from '../journal/sql/tables.ts';
import { standingOf, type Database, type ProjectionTables } from './checkpoints.ts';
import { aheadError, applyTo, ProjectionError, type ReadModel } from './port.ts';
import { readUpTo, type RebuildProgress } from './rebuild.ts';
import { readTable, type ReadTable } from './tables.ts';

/** A row that is stored otherwise than the events say; null where one of the two has none. */
export interface Difference {
  readonly table: string;
  readonly stored: Row | null;
  readonly folded: Row | null;
}
export type Row = Readonly<Record<string, Values[number]>>;

export interface Verified {
  readonly name: string;
  /** The checkpoint: the rows are compared with what the events up to here say. */
  readonly position: number;
  /** How many rows there are on either side. */
  readonly rows: number;
  readonly differences: readonly Difference[];
  /** Why nothing could be compared: an event that no handler takes, or a checkpoint beyond the journal. */
  readonly failure: ProjectionError | null;
}

/**
 * Folds read models anew from one read of the journal and compares them, row by row, with what is stored of them at one
 * moment. Writes nothing, and may run beside whoever maintains them.
 */
export async function verify(
  journal: JournalReader & { readonly db: Kysely<JournalTables> },
  models: readonly ReadModel<unknown>[],
  onProgress?: RebuildProgress,
): Promise<readonly Verified[]> {
  const reading = journal.db
    .$extendTables<ProjectionTables>()
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only');
  const checks = await reading.execute(async (trx) => {
    const started = [];
    for (const model of models) started.push(await checkOf(trx, model));
    return started;
  });
  const to = Math.max(0, ...checks.map(({ position }) => position));
  const head = await readUpTo(journal, to, (events) => {
    for (const { take } of checks) take(events);
    onProgress?.({ position: events.at(-1)?.position ?? to, head: to });
  });
  return checks.map(({ finish }) => finish(head));
}

async function checkOf<Delta>(trx: Database, { name, tables, foldAnew }: ReadModel<Delta>) {
  const { position } = await standingOf(trx, name);
  const stored: (readonly [ReadTable<Delta>, readonly Values[]])[] = [];
  for (const table of tables) stored.push([table, await readTable(trx, table)]);
  const fold = foldAnew();
  let failure: ProjectionError | null = null;
  return {
    position,
    take(events: readonly RecordedEvent[]): void {
      if (failure !== null) return;
      try {
        for (const event of events) if (event.position <= position) applyTo(fold, name, event);
      } catch (error) {
        if (!(error instanceof ProjectionError)) throw error;
        failure = error;
      }
    },
    finish(head: number): Verified {
      if (position > head) failure ??= aheadError(name, position, head);
      const compared = stored.map(([table, rows]) => compare(table, rows, table.rows(fold)));
      const rows = compared.reduce((sum, each) => sum + each.rows, 0);
      const differences = failure === null ? compared.flatMap((each) => each.differences) : [];
      return { name, position, rows, differences, failure };
    },
  };
}

function compare(
  table: Pick<ReadTable<never>, 'name' | 'columns' | 'keyColumns'>,
  stored: readonly Values[],
  folded: readonly Values[],
): { readonly rows: number; readonly differences: readonly Difference[] } {
  const idOf = (row: Values): string => JSON.stringify(row.slice(0, table.keyColumns));
  const named = (row: Values | undefined): Row | null =>
    row === undefined ? null : Object.fromEntries(Object.keys(table.columns).map((name, i) => [name, row[i] ?? null]));
  const ours = new Map(stored.map((row) => [idOf(row), row]));
  const theirs = new Map(folded.map((row) => [idOf(row), row]));
  const ids = [...new Set([...ours.keys(), ...theirs.keys()])];
  const differences = ids
    .filter((id) => JSON.stringify(ours.get(id)) !== JSON.stringify(theirs.get(id)))
    .map((id) => ({ table: table.name, stored: named(ours.get(id)), folded: named(theirs.get(id)) }));
  return { rows: ids.length, differences };
}

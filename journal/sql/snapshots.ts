import type { Kysely } from 'kysely';
import type { Snapshot, SnapshotName } from '../port.ts';
import { MAX_SNAPSHOTS, surplusOf } from '../snapshots.ts';
import type { Capabilities } from './capabilities.ts';
import type { JournalTables } from './tables.ts';

/**
 * Keeps snapshots in one transaction beside those of the batches. A row at a time: the statement is compiled once, and
 * always in one order: two processes that keep the same ones never wait for each other in a circle.
 */
export function keepSnapshots(
  db: Kysely<JournalTables>,
  { unsynced }: Capabilities,
  snapshots: readonly Snapshot[],
): Promise<void> {
  const ordered = snapshots.toSorted((a, b) =>
    a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.version - b.version,
  );
  return db.transaction().execute(async (trx) => {
    await unsynced?.execute(trx);
    for (const one of ordered) await keep(trx, one);
    for (const stream of new Set(ordered.map((one) => one.stream))) await thin(trx, stream);
  });
}

async function keep(trx: Kysely<JournalTables>, one: Snapshot): Promise<void> {
  const { stream, version, position, chart, program, stateHash, state } = one;
  const content = { position, chart_id: chart.id, chart_hash: chart.hash, program, state_hash: stateHash, state };
  await trx
    .insertInto('snapshots')
    .values({ stream, version, ...content })
    .onConflict((on) => on.columns(['stream', 'version']).doUpdateSet(content))
    .execute();
}

async function thin(trx: Kysely<JournalTables>, stream: string): Promise<void> {
  const query = trx.selectFrom('snapshots').select('version').where('stream', '=', stream);
  const versions = (await query.execute()).map(({ version }) => version);
  if (versions.length <= MAX_SNAPSHOTS) return;
  for (const version of surplusOf(versions)) await dropOne(trx, { stream, version });
}

export function dropSnapshots(db: Kysely<JournalTables>, which: 'all' | readonly SnapshotName[]): Promise<number> {
  return db.transaction().execute(async (trx) => {
    if (which === 'all') return Number((await trx.deleteFrom('snapshots').executeTakeFirstOrThrow()).numDeletedRows);
    let dropped = 0;
    for (const name of which) dropped += await dropOne(trx, name);
    return dropped;
  });
}

async function dropOne(trx: Kysely<JournalTables>, { stream, version }: SnapshotName): Promise<number> {
  const query = trx.deleteFrom('snapshots').where('stream', '=', stream).where('version', '=', version);
  return Number((await query.executeTakeFirstOrThrow()).numDeletedRows);
}

import type { Kysely } from 'kysely';
import { frontierToBytes } from '../merkle/frontier.ts';
import type { Archived, Base } from '../port.ts';
import { keepLeaves } from './archived-leaves.ts';
import type { JournalTables } from './tables.ts';

/** Of one statement: a PostgreSQL server ends one that takes 20 s, and this takes a second. */
export const ROWS_PER_DELETE = 100_000;

/**
 * Takes the first events out of a journal, all or none: in one transaction each stream that loses some gets its base, their
 * leaf hashes are kept, and their rows go. Whoever calls it has them in an archive that is durable and was read again.
 * @param kept streams that lose none: what is known of the journal itself has to be at hand
 * @returns how many rows went
 */
export function compact(
  db: Kysely<JournalTables>,
  { upTo, edge }: Archived,
  bases: AsyncIterable<Base>,
  kept: readonly string[],
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const former = await trx.selectFrom('archive').select('up_to').executeTakeFirst();
    const from = former?.up_to ?? 0;
    if (upTo <= from) return 0;
    for await (const base of bases) await putBase(trx, base);
    await keepLeaves(trx, from, upTo);
    await trx.deleteFrom('snapshots').where('position', '<=', upTo).where('stream', 'not in', kept).execute();
    let gone = 0;
    for (let at = from; at < upTo; at += ROWS_PER_DELETE) {
      const some = trx.deleteFrom('events').where('position', '>', at);
      const rows = some.where('position', '<=', Math.min(upTo, at + ROWS_PER_DELETE)).where('stream', 'not in', kept);
      gone += Number((await rows.executeTakeFirstOrThrow()).numDeletedRows);
    }
    const row = { up_to: upTo, roots: frontierToBytes(edge.roots) };
    await trx
      .insertInto('archive')
      .values({ id: 1, ...row })
      .onConflict((on) => on.column('id').doUpdateSet(row))
      .execute();
    return gone;
  });
}

/** Puts other bases into the place of those that are there: what the archive folds to through the charts of today. */
export function replaceBases(db: Kysely<JournalTables>, bases: AsyncIterable<Base>): Promise<void> {
  return db.transaction().execute(async (trx) => {
    for await (const base of bases) await putBase(trx, base);
  });
}

async function putBase(trx: Kysely<JournalTables>, base: Base): Promise<void> {
  const { stream, version, position, chart, program, stateHash, state } = base;
  const names = { chart_id: chart.id, chart_hash: chart.hash, program };
  const content = { version, position, ...names, state_hash: stateHash, state };
  await trx
    .insertInto('bases')
    .values({ stream, ...content })
    .onConflict((on) => on.column('stream').doUpdateSet(content))
    .execute();
}

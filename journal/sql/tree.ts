import type { Kysely } from 'kysely';
import { appendLeaves, EMPTY_FRONTIER, frontierToBytes } from '../merkle/frontier.ts';
import { leafHash } from '../leaf.ts';
import { toEvent } from './rows.ts';
import type { JournalTables } from './tables.ts';
import { EVENT_COLUMNS } from './values.ts';

/** Events whose leaves are made at once: a few megabytes. */
const PAGE = 1_000;

/** Grows the tree over the events that were stored before the journal kept one. */
export async function growTree(db: Kysely<JournalTables>): Promise<void> {
  let frontier = EMPTY_FRONTIER;
  for (;;) {
    const query = db.selectFrom('events').select(EVENT_COLUMNS).where('position', '>', frontier.size);
    const rows = await query.orderBy('position').limit(PAGE).execute();
    if (rows.length === 0) break;
    const leaves = rows.map((row) => leafHash(toEvent(row), row.data));
    for (const [i, { position }] of rows.entries()) {
      await db.updateTable('events').set({ leaf: leaves[i] }).where('position', '=', position).execute();
    }
    const grown = appendLeaves(frontier, leaves);
    const nodes = grown.completed.map(({ level, index, hash }) => ({ level, idx: index, hash }));
    if (nodes.length > 0) await db.insertInto('merkle_nodes').values(nodes).execute();
    frontier = grown.frontier;
  }
  await db
    .updateTable('head')
    .set({ roots: frontierToBytes(frontier.roots) })
    .execute();
}

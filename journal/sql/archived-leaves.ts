import type { Kysely } from 'kysely';
import { LEAVES_PER_KEPT } from '../merkle/frontier.ts';
import { HASH_BYTES } from '../merkle/hash.ts';
import type { JournalTables } from './tables.ts';

/** Rows of leaf hashes that are read and written at once. */
const ROWS = 64;

const rowOf = (leaf: number): number => Math.floor(leaf / LEAVES_PER_KEPT);

/** Hashes of archived leaves from `from` up to `to`, not included. */
export async function archivedLeaves(
  db: Kysely<JournalTables>,
  from: number,
  to: number,
): Promise<readonly Uint8Array[]> {
  if (from >= to) return [];
  const query = db
    .selectFrom('archived_leaves')
    .selectAll()
    .where('idx', '>=', rowOf(from))
    .where('idx', '<=', rowOf(to - 1));
  const rows = await query.orderBy('idx').execute();
  return rows.flatMap(({ idx, hashes }) => {
    const first = idx * LEAVES_PER_KEPT;
    return split(hashes).filter((_, i) => first + i >= from && first + i < to);
  });
}

/** Keeps the leaf hashes of the events behind the first `from` up to `to`, before these go. */
export async function keepLeaves(trx: Kysely<JournalTables>, from: number, to: number): Promise<void> {
  for (let row = rowOf(from); row * LEAVES_PER_KEPT < to; row += ROWS) {
    const [first, last] = [Math.max(from, row * LEAVES_PER_KEPT), Math.min(to, (row + ROWS) * LEAVES_PER_KEPT)];
    const query = trx.selectFrom('events').select('leaf').where('position', '>', first).where('position', '<=', last);
    const leaves = (await query.orderBy('position').execute()).map(({ leaf }) => leaf);
    if (leaves.length !== last - first)
      throw new RangeError(`Events ${first + 1} to ${last} have ${leaves.length} leaves.`);
    const before = await archivedLeaves(trx, row * LEAVES_PER_KEPT, first);
    const all = [...before, ...leaves];
    for (let at = 0; at < all.length; at += LEAVES_PER_KEPT) {
      const hashes = Buffer.concat(all.slice(at, at + LEAVES_PER_KEPT));
      await trx
        .insertInto('archived_leaves')
        .values({ idx: row + at / LEAVES_PER_KEPT, hashes })
        .onConflict((on) => on.column('idx').doUpdateSet({ hashes }))
        .execute();
    }
  }
}

const split = (hashes: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: hashes.length / HASH_BYTES }, (_, i) => hashes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));

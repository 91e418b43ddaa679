import { receiptOf } from '../../actors/roles/cpns-server/receipts/receipt.ts';
import { rootOf } from '../../journal/merkle/frontier.ts';
import { consistencyProof } from '../../journal/merkle/proof.ts';
import { subtreesOf } from '../../journal/merkle/tree.ts';
import type { ArchiveReader, JournalReader, TreeReader } from '../../journal/port.ts';
import { toBase64 } from '../../security/transparency/base64.ts';
import { latestNote } from '../../replay/latest-note.ts';
import { UsageError } from '../errors.ts';

const SIGN_FIRST = 'Sign one first: cpns journal checkpoint.';

/**
 * The proof that the operator signed the event at a position.
 * @param stored reads the event; default: from the journal
 * @throws UsageError where no checkpoint covers it, or it is archived
 */
export async function provenBy(
  journal: JournalReader & TreeReader & ArchiveReader,
  position: number,
  stored: TreeReader['stored'] = (range) => journal.stored(range),
): Promise<string> {
  const latest = await latestNote(journal);
  if (latest === null || latest.size < position)
    throw new UsageError(`No checkpoint of the journal covers position ${position}`, SIGN_FIRST);
  const receipt = await receiptOf(
    {
      stored,
      tree: () => journal.tree(),
      leaves: (from, to) => journal.leaves(from, to),
      nodes: (level, from, to) => journal.nodes(level, from, to),
    },
    position,
    latest,
  );
  if (receipt !== null) return receipt;
  if (position <= ((await journal.archived())?.upTo ?? 0))
    throw new UsageError(`The event at position ${position} is in an archive`, 'Name the archives with --archive.');
  throw new UsageError(`There is no event at position ${position}`, 'See `cpns events` for what there is.');
}

export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  /** Base64, as the hashes. */
  readonly root: string;
  readonly hashes: readonly string[];
}

/** That the journal of today begins with its first events. @throws UsageError where there are fewer */
export async function consistencyOf(journal: TreeReader, from: number): Promise<ConsistencyProof> {
  const tree = await journal.tree();
  if (from > tree.size)
    throw new UsageError(`The journal has ${tree.size} events, fewer than ${from}`, 'Name a size up to that.');
  const hashes = await consistencyProof(from, tree.size, subtreesOf(journal));
  return { from, to: tree.size, root: toBase64(rootOf(tree)), hashes: hashes.map(toBase64) };
}

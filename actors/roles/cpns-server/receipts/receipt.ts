import { leafText } from '../../../../journal/leaf.ts';
import { inclusionProof } from '../../../../journal/merkle/proof.ts';
import { subtreesOf } from '../../../../journal/merkle/tree.ts';
import type { TreeReader } from '../../../../journal/port.ts';
import { utf8 } from '../../../../security/bytes.ts';
import { tlogProofToText } from '../../../../security/transparency/tlog-proof.ts';
import type { Note } from '../../journal/record/checkpoints.ts';

/**
 * The proof that a checkpoint covers the event at a position: C2SP tlog-proof, the leaf of the event in `extra`.
 * @param checkpoint of a size that is at least the position
 * @returns null where there is no such event
 */
export async function receiptOf(journal: TreeReader, position: number, checkpoint: Note): Promise<string | null> {
  const [event] = await journal.stored({ after: position - 1, limit: 1 });
  const leaf = event?.position === position ? leafText(event, event.data) : null;
  if (leaf === null) return null;
  const hashes = await inclusionProof(position - 1, checkpoint.size, subtreesOf(journal));
  return tlogProofToText({ extra: utf8(leaf), index: position - 1, hashes, checkpoint: checkpoint.note });
}

import { rootOf } from '../../../../journal/merkle/frontier.ts';
import { toBase64url } from '../../../../security/base64url.ts';
import { checkpointText } from '../../../../security/transparency/checkpoint.ts';
import type { NoteSigner } from '../../../../security/transparency/note-key.ts';
import { signNote } from '../../../../security/transparency/signed-note.ts';
import type { JournalSeams } from '../journal-actor.ts';
import { recordState, recordStep } from './stream.ts';

/** `fresh`: signed now. `standing`: nothing but checkpoints came since the newest one, which is given again. */
export type Signed = { readonly kind: 'fresh' | 'standing'; readonly size: number; readonly note: string };

/** How often the record is tried again when another process signs or opens at the same moment. */
const MAX_ATTEMPTS = 16;

/**
 * Signs the root of the journal as it is now, and writes the note down. The event of a checkpoint stands behind what it
 * covers, so a journal that grows by checkpoints alone needs no further one.
 * @returns null for a journal without events
 */
export async function signCheckpoint(seams: JournalSeams, signer: NoteSigner): Promise<Signed | null> {
  for (let attempt = 1; ; attempt++) {
    const tree = await seams.journal.tree();
    if (tree.size === 0) return null;
    const { context } = await recordState(seams.journal);
    if (context.note !== null && (await isOnlyRecord(seams, context.size, tree.size)))
      return { kind: 'standing', size: context.size, note: context.note };
    const root = rootOf(tree);
    const note = signNote(checkpointText({ origin: signer.verifier.name, size: tree.size, root }), signer);
    const data = { size: tree.size, root: toBase64url(root), note };
    const outcome = await recordStep(seams, { type: 'CheckpointSigned', data });
    if (outcome === 'committed') return { kind: 'fresh', size: tree.size, note };
    if (attempt === MAX_ATTEMPTS) throw new Error('Other processes sign this journal all the time: one is enough.');
  }
}

/** Whether all that came after a checkpoint is its own event. */
async function isOnlyRecord({ journal }: JournalSeams, size: number, head: number): Promise<boolean> {
  if (head - size > 1) return false;
  const [event] = await journal.readAll({ after: size, limit: 1 });
  return event === undefined || event.type === 'CheckpointSigned';
}

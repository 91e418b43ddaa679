import { z } from 'zod';
import type { JournalReader } from '../events/journal/port.ts';
import type { TreeHead } from '../events/journal/merkle/proof.ts';
import { parseCheckpoint } from '../security/transparency/checkpoint.ts';
import type { NoteVerifier } from '../security/transparency/note-key.ts';
import { openNote } from '../security/transparency/signed-note.ts';

/** What the operator signed of a journal at one moment. */
export interface SignedHead extends TreeHead {
  /** Where the note is from: a position of the journal, or a name that the auditor gave it. */
  readonly from: number | string;
}

export type ReadCheckpoint =
  | { readonly kind: 'signed'; readonly head: SignedHead }
  | {
      readonly kind: 'refused';
      readonly from: number | string;
      /** `unsigned`: signed by nobody whom the auditor knows. */
      readonly reason: 'malformed' | 'forged' | 'unsigned';
    };

export const RECORD_STREAM = 'record';
const CheckpointSigned = z.object({ note: z.string() });
const PAGE = 1_000;

/** A note that the auditor brought along, or that the journal holds. */
export function readCheckpoint(note: string, from: number | string, verifier: NoteVerifier): ReadCheckpoint {
  const opened = openNote(note, verifier);
  if (opened.kind === 'refused') {
    return { kind: 'refused', from, reason: opened.reason === 'unknownKey' ? 'unsigned' : opened.reason };
  }
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === null || checkpoint.origin !== verifier.name) return { kind: 'refused', from, reason: 'malformed' };
  return { kind: 'signed', head: { size: checkpoint.size, root: checkpoint.root, from } };
}

/** The checkpoints that a journal holds, in their order. */
export async function storedCheckpoints(
  journal: JournalReader,
  verifier: NoteVerifier,
): Promise<readonly ReadCheckpoint[]> {
  const found: ReadCheckpoint[] = [];
  for (let after = 0; ;) {
    const page = await journal.readStream(RECORD_STREAM, { after, limit: PAGE });
    for (const { type, data, position, version } of page) {
      after = version;
      if (type !== 'CheckpointSigned') continue;
      const { success, data: signed } = CheckpointSigned.safeParse(data);
      found.push(success ? readCheckpoint(signed.note, position, verifier) : malformed(position));
    }
    if (page.length < PAGE) return found;
  }
}

const malformed = (from: number): ReadCheckpoint => ({ kind: 'refused', from, reason: 'malformed' });

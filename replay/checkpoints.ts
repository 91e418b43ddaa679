import { z } from 'zod';
import { RECORD_STREAM } from '../events/vocabulary/record.ts';
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

/** What of `CheckpointSigned` every version of it has. */
const CheckpointSigned = z.object({ size: z.int(), note: z.string() });
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
  for await (const { position, signed } of recordedNotes(journal)) {
    found.push(signed === null ? malformed(position) : readCheckpoint(signed.note, position, verifier));
  }
  return found;
}

/** Where a journal holds a checkpoint, and what stands there; null where it is none. */
export async function* recordedNotes(journal: JournalReader): AsyncGenerator<{
  readonly position: number;
  readonly signed: { readonly size: number; readonly note: string } | null;
}> {
  for (let after = 0; ;) {
    const page = await journal.readStream(RECORD_STREAM, { after, limit: PAGE });
    for (const { type, data, position, version } of page) {
      after = version;
      if (type === 'CheckpointSigned') yield { position, signed: CheckpointSigned.safeParse(data).data ?? null };
    }
    if (page.length < PAGE) return;
  }
}

const malformed = (from: number): ReadCheckpoint => ({ kind: 'refused', from, reason: 'malformed' });

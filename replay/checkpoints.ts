import { z } from 'zod';
import { pagesOf } from '../fold/source.ts';
import type { JournalReader, RecordedEvent } from '../journal/port.ts';
import type { TreeHead } from '../journal/merkle/proof.ts';
import { toBase64url } from '../security/base64url.ts';
import { parseCheckpoint } from '../security/transparency/checkpoint.ts';
import type { NoteVerifier } from '../security/transparency/note-key.ts';
import { openNote } from '../security/transparency/signed-note.ts';
import { PAGE, recordedOf, type JournalSource } from './source.ts';
import { RECORD_STREAM } from '../machines/streams.ts';

/** What the operator signed of a journal at one moment. */
export interface SignedHead extends TreeHead {
  /** Where the note is from: a position of the journal, or a name that the auditor gave it. */
  readonly from: number | string;
  /** Name of the log, as its key has it. */
  readonly origin: string;
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
const WithRoot = z.object({ root: z.string() });

/** A note that the auditor brought along, or that the journal holds. */
export function readCheckpoint(note: string, from: number | string, verifier: NoteVerifier): ReadCheckpoint {
  const opened = openNote(note, verifier);
  if (opened.kind === 'refused') {
    return { kind: 'refused', from, reason: opened.reason === 'unknownKey' ? 'unsigned' : opened.reason };
  }
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === null || checkpoint.origin !== verifier.name) return { kind: 'refused', from, reason: 'malformed' };
  return { kind: 'signed', head: { size: checkpoint.size, root: checkpoint.root, from, origin: checkpoint.origin } };
}

/** The same where the auditor knows several keys: one that signed it is enough. */
export function readAnyCheckpoint(
  note: string,
  from: number | string,
  verifiers: readonly NoteVerifier[],
): ReadCheckpoint {
  const read = verifiers.map((verifier) => readCheckpoint(note, from, verifier));
  const known = read.find(({ kind }) => kind === 'signed') ?? read.find((one) => reasonOf(one) !== 'unsigned');
  return known ?? { kind: 'refused', from, reason: 'unsigned' };
}

const reasonOf = (one: ReadCheckpoint): string | null => (one.kind === 'refused' ? one.reason : null);

/** The checkpoints that a journal holds, in their order. The event has to say what its note says. */
export async function storedCheckpoints(
  journal: JournalSource,
  verifiers: readonly NoteVerifier[],
): Promise<readonly ReadCheckpoint[]> {
  const { note, size } = journal.head;
  const found: ReadCheckpoint[] = note === null ? [] : [readAnyCheckpoint(note, size, verifiers)];
  for (let after = 0; ;) {
    const page = await journal.storedStream(RECORD_STREAM, { after, limit: PAGE });
    for (const event of page) {
      after = event.version;
      if (event.type !== 'CheckpointSigned') continue;
      const data = recordedOf(event)?.data;
      const signed = CheckpointSigned.safeParse(data).data;
      const read = signed === undefined ? null : readAnyCheckpoint(signed.note, event.position, verifiers);
      const agrees = read?.kind !== 'signed' || (read.head.size === signed?.size && hasRoot(data, read.head));
      found.push(read !== null && agrees ? read : { kind: 'refused', from: event.position, reason: 'malformed' });
    }
    if (page.length < PAGE) return found;
  }
}

/** Where the event names the root beside the note. */
function hasRoot(data: unknown, { root }: SignedHead): boolean {
  const named = WithRoot.safeParse(data).data?.root;
  return named === undefined || named === toBase64url(root);
}

/** Where a journal holds a checkpoint, and what stands there; null where it is none. */
export async function* recordedNotes(journal: JournalReader): AsyncGenerator<{
  readonly position: number;
  readonly recordedAt: string;
  readonly signed: { readonly size: number; readonly note: string } | null;
}> {
  for await (const { type, data, position, meta } of recordedEvents(journal)) {
    if (type !== 'CheckpointSigned') continue;
    yield { position, recordedAt: meta.recordedAt, signed: CheckpointSigned.safeParse(data).data ?? null };
  }
}

/** What a journal holds about itself, a page at a time. */
export async function* recordedEvents(journal: JournalReader): AsyncGenerator<RecordedEvent> {
  for await (const page of pagesOf(journal, RECORD_STREAM, 0)) yield* page;
}

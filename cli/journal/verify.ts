import { toBase64 } from '../../security/transparency/base64.ts';
import type { NoteVerifier } from '../../security/transparency/note-key.ts';
import { readCheckpoint, storedCheckpoints, type ReadCheckpoint } from '../../replay/checkpoints.ts';
import { verifyIntegrity, type Integrity } from '../../replay/integrity.ts';
import type { JournalSource, Progress } from '../../replay/source.ts';

/** What a check of a whole journal found. `refused`: notes that are not the operator's. */
export interface Verification {
  readonly integrity: Integrity;
  readonly refused: readonly Extract<ReadCheckpoint, { readonly kind: 'refused' }>[];
}

/** @param brought notes that the auditor kept elsewhere, by the name of their file */
export async function verifyJournal(
  journal: JournalSource,
  verifier: NoteVerifier | null,
  brought: readonly (readonly [name: string, note: string])[],
  onProgress: (progress: Progress) => void,
): Promise<Verification> {
  const read =
    verifier === null
      ? []
      : [
          ...(await storedCheckpoints(journal, [verifier])),
          ...brought.map(([name, note]) => readCheckpoint(note, name, verifier)),
        ];
  const signed = read.flatMap((one) => (one.kind === 'signed' ? [one.head] : []));
  const integrity = await verifyIntegrity(journal, signed, onProgress);
  return { integrity, refused: read.filter((one) => one.kind === 'refused') };
}

export const isWhole = ({ integrity, refused }: Verification): boolean =>
  integrity.faults.length === 0 && refused.length === 0;

export function verificationJson({ integrity, refused }: Verification): object {
  const { events, root, faults, signedUpTo } = integrity;
  return { events, root: toBase64(root), signedUpTo, faults, refused };
}

export function verificationText({ integrity, refused }: Verification, verifier: NoteVerifier | null): string {
  const { events, root, faults, signedUpTo } = integrity;
  const signed =
    verifier === null
      ? 'no signature was checked: give the public key of the operator with --key'
      : `${verifier.name} signed the first ${signedUpTo} events`;
  const lines = [
    ...faults.map(({ kind, position, says }) => `position ${position}: ${kind}: ${says}`),
    ...refused.map(
      ({ from, reason }) => `checkpoint ${typeof from === 'number' ? `at position ${from}` : from}: ${reason}`,
    ),
    `${events} events, root ${toBase64(root)}`,
    signed,
    faults.length + refused.length === 0 ? 'whole: every event is what was written' : 'NOT whole',
  ];
  return `${lines.join('\n')}\n`;
}

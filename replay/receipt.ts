import { hashLeafBytes, isSameHash } from '../events/journal/merkle/hash.ts';
import { rootByInclusion } from '../events/journal/merkle/proof.ts';
import type { NoteVerifier } from '../security/transparency/note-key.ts';
import { tlogProofFromText } from '../security/transparency/tlog-proof.ts';
import { readCheckpoint } from './checkpoints.ts';

export type Receipt =
  | { readonly kind: 'valid'; readonly position: number; readonly size: number; readonly leaf: string }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'forged' | 'unsigned' | 'notIncluded' };

/** Checks a receipt with nothing but the operator's public key: that the operator signed a record that holds this event. */
export function checkReceipt(text: string, verifier: NoteVerifier): Receipt {
  const proof = tlogProofFromText(text);
  if (proof === null || proof.extra.length === 0) return { kind: 'refused', reason: 'malformed' };
  const checkpoint = readCheckpoint(proof.checkpoint, 'of the receipt', verifier);
  if (checkpoint.kind === 'refused') return { kind: 'refused', reason: checkpoint.reason };
  const { size, root } = checkpoint.head;
  const found = rootByInclusion({ index: proof.index, hash: hashLeafBytes(proof.extra) }, size, proof.hashes);
  if (found === null || !isSameHash(found, root)) return { kind: 'refused', reason: 'notIncluded' };
  return { kind: 'valid', position: proof.index + 1, size, leaf: new TextDecoder().decode(proof.extra) };
}

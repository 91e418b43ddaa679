import { hashLeafBytes, isSameHash } from '../journal/merkle/hash.ts';
import { rootByInclusion } from '../journal/merkle/proof.ts';
import { parseCheckpoint } from '../security/transparency/checkpoint.ts';
import type { NoteVerifier } from '../security/transparency/note-key.ts';
import { tlogProofFromText } from '../security/transparency/tlog-proof.ts';
import { readCheckpoint } from './checkpoints.ts';

export type Receipt =
  | { readonly kind: 'valid'; readonly position: number; readonly size: number; readonly leaf: string }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'forged' | 'unsigned' | 'notIncluded' };

const MALFORMED: Receipt = { kind: 'refused', reason: 'malformed' };

/** Checks a receipt with nothing but the operator's public key: that the operator signed a record that holds this event. */
export function checkReceipt(text: string, verifier: NoteVerifier): Receipt {
  return check(text, (note) => {
    const read = readCheckpoint(note, 'of the receipt', verifier);
    return read.kind === 'signed' ? read.head : read.reason;
  });
}

/** The same, but for who signed it: that its event leads to the root in its checkpoint. */
export function readReceiptLeaf(text: string): Receipt {
  return check(text, (note) => parseCheckpoint(note) ?? 'malformed');
}

function check(
  text: string,
  headOf: (
    note: string,
  ) => { readonly size: number; readonly root: Uint8Array } | Extract<Receipt, { readonly kind: 'refused' }>['reason'],
): Receipt {
  const proof = tlogProofFromText(text);
  if (proof === null || proof.extra.length === 0) return MALFORMED;
  const head = headOf(proof.checkpoint);
  if (typeof head === 'string') return { kind: 'refused', reason: head };
  const { size, root } = head;
  const found = rootByInclusion({ index: proof.index, hash: hashLeafBytes(proof.extra) }, size, proof.hashes);
  if (found === null || !isSameHash(found, root)) return { kind: 'refused', reason: 'notIncluded' };
  return { kind: 'valid', position: proof.index + 1, size, leaf: new TextDecoder().decode(proof.extra) };
}

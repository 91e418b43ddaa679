/**
 * A proof that a log holds an entry (C2SP tlog-proof), complete in one text: an inclusion proof and the checkpoint that it
 * leads to. The entry itself may stand in `extra`, which the format leaves to its users.
 */
import { fromBase64, toBase64 } from './base64.ts';

export interface TlogProof {
  /** The entry, or empty. */
  readonly extra: Uint8Array;
  /** Counts from 0. */
  readonly index: number;
  /** 32 bytes each, from the leaf up. */
  readonly hashes: readonly Uint8Array[];
  /** A signed note. */
  readonly checkpoint: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const HASH_BYTES = 32;
/** As the specification has it: the depth of a tree of 2^63 leaves. */
const MAX_HASHES = 63;
export const MAX_PROOF_CHARACTERS = 262_144;
const INDEX_LINE = /^index (0|[1-9][0-9]{0,15})$/;

export function tlogProofToText({ extra, index, hashes, checkpoint }: TlogProof): string {
  const lines = [HEADER, ...(extra.length === 0 ? [] : [`extra ${toBase64(extra)}`]), `index ${index}`];
  return `${[...lines, ...hashes.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

/** Null for any other text. Nothing of it is verified yet. */
export function tlogProofFromText(text: string): TlogProof | null {
  const end = text.indexOf('\n\n');
  if (text.length > MAX_PROOF_CHARACTERS || end < 0) return null;
  const [header, ...lines] = text.slice(0, end).split('\n');
  if (header !== HEADER) return null;
  const extra =
    lines[0]?.startsWith('extra ') === true ? fromBase64(lines[0].slice('extra '.length)) : new Uint8Array();
  const rest = lines[0]?.startsWith('extra ') === true ? lines.slice(1) : lines;
  const [, index] = INDEX_LINE.exec(rest[0] ?? '') ?? [];
  const hashes = rest.slice(1).map(fromBase64);
  if (extra === null || index === undefined || !Number.isSafeInteger(Number(index)) || hashes.length > MAX_HASHES)
    return null;
  const read = hashes.filter((hash) => hash?.length === HASH_BYTES).filter((hash) => hash !== null);
  if (read.length !== hashes.length) return null;
  return { extra, index: Number(index), hashes: read, checkpoint: text.slice(end + 2) };
}

/**
 * A signed note (C2SP signed-note): a text that ends in a newline, an empty line, and signature lines
 * `— <name> <base64 of key id and signature>`. The signature is Ed25519 (RFC 8032) over the text with its last newline.
 */
import { sign, verify } from 'node:crypto';
import { concat, utf8 } from '../bytes.ts';
import { fromBase64, toBase64 } from './base64.ts';
import type { NoteSigner, NoteVerifier } from './note-key.ts';

const SIGNATURE_BYTES = 64;
const KEY_ID_BYTES = 4;
const MAX_NOTE_CHARACTERS = 65_536;
/** As Go's `sumdb/note`: a note with more is not read. */
const MAX_SIGNATURES = 100;
const SIGNATURE_LINE = /^— ([^\s+]{1,128}) ([A-Za-z0-9+/=]{1,4096})$/u;

/** @throws TypeError for a text that is no text of a note */
export function signNote(text: string, signer: NoteSigner): string {
  if (!isText(text)) throw new TypeError('The text of a note ends in a newline and holds no other control character.');
  const { name, keyId } = signer.verifier;
  const signature = concat(Buffer.from(keyId, 'hex'), sign(null, utf8(text), signer.handle));
  return `${text}\n— ${name} ${toBase64(signature)}\n`;
}

export type OpenedNote =
  | { readonly kind: 'signed'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'unknownKey' | 'forged' };

/** The text, where the key signed it. Signatures of others are passed over, as the specification asks. */
export function openNote(note: string, verifier: NoteVerifier): OpenedNote {
  const parts = split(note);
  if (parts === null) return { kind: 'refused', reason: 'malformed' };
  const own = parts.signatures.find(({ name, keyId }) => name === verifier.name && keyId === verifier.keyId);
  if (own === undefined) return { kind: 'refused', reason: 'unknownKey' };
  const isGenuine =
    own.signature.length === SIGNATURE_BYTES && verify(null, utf8(parts.text), verifier.handle, own.signature);
  return isGenuine ? { kind: 'signed', text: parts.text } : { kind: 'refused', reason: 'forged' };
}

interface Signature {
  readonly name: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

function split(note: string): { readonly text: string; readonly signatures: readonly Signature[] } | null {
  if (note.length > MAX_NOTE_CHARACTERS || !note.endsWith('\n')) return null;
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return null;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  if (!isText(text) || lines.length > MAX_SIGNATURES) return null;
  const signatures = lines.map(toSignature);
  const read = signatures.filter((signature) => signature !== null);
  return read.length === lines.length ? { text, signatures: read } : null;
}

function toSignature(line: string): Signature | null {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = encoded === undefined ? null : fromBase64(encoded);
  if (name === undefined || bytes === null || bytes.length <= KEY_ID_BYTES) return null;
  const keyId = Buffer.from(bytes.subarray(0, KEY_ID_BYTES)).toString('hex');
  return { name, keyId, signature: bytes.slice(KEY_ID_BYTES) };
}

/** UTF-8 without control characters other than the newline, and one at the end. */
function isText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !/[^\P{Cc}\n]/u.test(text);
}

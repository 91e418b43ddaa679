/**
 * Keys of signed notes in the text forms that Go's `sumdb/note` gave them (C2SP signed-note, section "Verifier keys"):
 *
 * ```
 * verifier:  <name>+<key id, 8 hex digits>+<base64 of 0x01 and the public key>
 * signer:    PRIVATE+KEY+<name>+<key id>+<base64 of 0x01 and the 32-byte seed>
 * ```
 *
 * The key id is the first 4 bytes of SHA-256(name, newline, 0x01, public key); 0x01 stands for Ed25519.
 */
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { concat, utf8 } from '../bytes.ts';
import { newSigningKey } from '../pki/keys.ts';
import type { RandomBytes } from '../random-bytes.ts';
import { KEY_BYTES } from '../security-error.ts';
import { fromBase64, toBase64 } from './base64.ts';

export interface NoteVerifier {
  readonly name: string;
  /** 8 hex digits. */
  readonly keyId: string;
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  readonly handle: KeyObject;
}

/** Secret. */
export interface NoteSigner {
  readonly verifier: NoteVerifier;
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly handle: KeyObject;
}

const ED25519 = 1;
const PRIVATE = 'PRIVATE+KEY+';
const KEY_ID_DIGITS = 8;

/** No white space, no plus sign: they part the fields of a key and of a signature line. */
const NAME = /^[^\s+]{1,128}$/u;
const KEY_TEXT = /^([^\s+]{1,128})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,64})$/u;

/** @throws TypeError for a name that cannot stand in a note */
export function newNoteSigner(name: string, bytes: RandomBytes): NoteSigner {
  if (!NAME.test(name)) throw new TypeError(`'${name}' cannot name a key: white space and '+' part its fields.`);
  return signerOf(name, bytes(KEY_BYTES));
}

export function signerToText({ verifier: { name, keyId }, seed }: NoteSigner): string {
  return `${PRIVATE}${name}+${keyId}+${toBase64(concat(Uint8Array.of(ED25519), seed))}`;
}

/** Null for any other text. White space around it is taken off. */
export function signerFromText(text: string): NoteSigner | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PRIVATE)) return null;
  const parsed = parse(trimmed.slice(PRIVATE.length));
  if (parsed === null) return null;
  const signer = signerOf(parsed.name, parsed.key);
  return signer.verifier.keyId === parsed.keyId ? signer : null;
}

export function verifierToText({ name, keyId, publicKey }: NoteVerifier): string {
  return `${name}+${keyId}+${toBase64(concat(Uint8Array.of(ED25519), publicKey))}`;
}

/** Null for any other text. White space around it is taken off. */
export function verifierFromText(text: string): NoteVerifier | null {
  const parsed = parse(text.trim());
  if (parsed === null) return null;
  const verifier = verifierOf(parsed.name, parsed.key);
  return verifier.keyId === parsed.keyId ? verifier : null;
}

function parse(text: string): { readonly name: string; readonly keyId: string; readonly key: Uint8Array } | null {
  const [, name, keyId, encoded] = KEY_TEXT.exec(text) ?? [];
  if (name === undefined || keyId === undefined || encoded === undefined) return null;
  const bytes = fromBase64(encoded);
  return bytes?.length === 1 + KEY_BYTES && bytes[0] === ED25519 ? { name, keyId, key: bytes.slice(1) } : null;
}

function signerOf(name: string, seed: Uint8Array): NoteSigner {
  const { handle } = newSigningKey(() => seed);
  const x = createPublicKey(handle).export({ format: 'jwk' }).x ?? '';
  return { verifier: verifierOf(name, new Uint8Array(Buffer.from(x, 'base64url'))), seed, handle };
}

function verifierOf(name: string, publicKey: Uint8Array): NoteVerifier {
  const named = concat(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey);
  const keyId = hash('sha256', named, 'hex').slice(0, KEY_ID_DIGITS);
  const handle = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) }, format: 'jwk' });
  return { name, keyId, publicKey, handle };
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

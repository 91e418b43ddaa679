/**
 * What the CPNS Server and a service of its operator tell each other over a broker that neither trusts: sealed with
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, section 2) under keys of the secret that both were provisioned with. Its
 * nonce is long enough to be drawn at random for every message, so neither end keeps a counter, and each of several servers
 * can seal and open.
 *
 * ```
 * 0   1   format, 1; associated data
 * 1   24  nonce, random
 * 25  ..  ciphertext and 16 bytes of tag, of
 *         0   8   when it was sealed, milliseconds since 1970 UTC, most significant byte first
 *         8   16  id of the question, random; an answer has that of its question
 *         24  ..  body
 * ```
 */
import { hkdfSync } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { TAG_BYTES } from './aead.ts';
import { concat, utf8 } from './bytes.ts';
import type { RandomBytes } from './random-bytes.ts';
import { assertKey, KEY_BYTES, SecurityError } from './security-error.ts';

export const QUESTION_ID_BYTES = 16;

const FORMAT = Uint8Array.of(1);
const XNONCE_BYTES = 24;
const TIME_BYTES = 8;
const HEAD_BYTES = TIME_BYTES + QUESTION_ID_BYTES;

/** Bytes that an envelope takes beside its body. */
export const ENVELOPE_BYTES = FORMAT.length + XNONCE_BYTES + HEAD_BYTES + TAG_BYTES;

export interface ServiceMessage {
  /** Milliseconds since 1970 UTC, at the sender. */
  readonly sentAtMs: number;
  /** `QUESTION_ID_BYTES` bytes. */
  readonly questionId: Uint8Array;
  readonly body: Uint8Array;
}

/** A question and its answer have keys of their own: neither can be sent back as the other. */
const PARTS = { question: 1, answer: 2 } as const;
export type EnvelopePart = keyof typeof PARTS;

const LABEL = utf8('CPNS service');
const NO_SALT = new Uint8Array(0);

/**
 * HKDF-SHA-256 (RFC 5869) of the service's secret, without salt; info: `CPNS service`, 1 for a question or 2 for its answer
 * in one byte, then the subject of the question. What is moved to another subject does not open.
 * @param secret 32 bytes
 */
export function envelopeKey(secret: Uint8Array, part: EnvelopePart, subject: string): Uint8Array {
  assertKey('The secret of a service', secret);
  const info = concat(LABEL, Uint8Array.of(PARTS[part]), utf8(subject));
  return new Uint8Array(hkdfSync('sha256', secret, NO_SALT, info, KEY_BYTES));
}

/** @param bytes draws the nonce */
export function sealEnvelope(key: Uint8Array, message: ServiceMessage, bytes: RandomBytes): Uint8Array {
  const { sentAtMs, questionId, body } = message;
  if (questionId.length !== QUESTION_ID_BYTES)
    throw new SecurityError(`A question id is ${questionId.length} bytes long.`, `Draw ${QUESTION_ID_BYTES} bytes.`);
  const time = new Uint8Array(TIME_BYTES);
  new DataView(time.buffer).setBigUint64(0, BigInt(sentAtMs));
  const nonce = bytes(XNONCE_BYTES);
  return concat(FORMAT, nonce, xchacha20poly1305(key, nonce, FORMAT).encrypt(concat(time, questionId, body)));
}

/** Null for whatever was not sealed under this key. Whether it is new is for `FreshnessWindow` to say. */
export function openEnvelope(key: Uint8Array, sealed: Uint8Array): ServiceMessage | null {
  if (sealed.length < ENVELOPE_BYTES || sealed[0] !== FORMAT[0]) return null;
  const nonce = sealed.slice(FORMAT.length, FORMAT.length + XNONCE_BYTES);
  let plaintext: Uint8Array;
  try {
    plaintext = xchacha20poly1305(key, nonce, FORMAT).decrypt(sealed.slice(FORMAT.length + XNONCE_BYTES));
  } catch {
    return null;
  }
  const sentAtMs = Number(new DataView(plaintext.buffer, plaintext.byteOffset).getBigUint64(0));
  const questionId = plaintext.slice(TIME_BYTES, HEAD_BYTES);
  return { sentAtMs, questionId, body: plaintext.slice(HEAD_BYTES) };
}

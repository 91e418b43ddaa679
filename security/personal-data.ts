/**
 * What is personal, at rest in an event: sealed with ChaCha20-Poly1305 (RFC 8439) under a random key of its data subject. The
 * event is for good; whoever destroys the key has erased what it holds. Bound to stream, type and key id, so that no value
 * can be shown as that of another subject.
 *
 * ```
 * 0  1   format, 1
 * 1  12  nonce, random: one key seals what one device is told to be called, a few times in its life
 * 13 ..  ciphertext and 16 bytes of tag; associated data: `CPNS personal data`, the format, then in UTF-8, each behind a
 *        zero byte, the stream, the type of the event and the id of the key
 * ```
 *
 * The plaintext is padded with spaces, which JSON allows, to a multiple of 128 bytes: most names have one length.
 */
import { NONCE_BYTES, open, seal } from './aead.ts';
import { concat, utf8 } from './bytes.ts';
import type { RandomBytes } from './random-bytes.ts';
import { assertKey } from './security-error.ts';

/** Where a sealed value belongs. None of the three holds a zero byte. */
export interface PersonalPlace {
  readonly stream: string;
  readonly type: string;
  readonly keyId: string;
}

const FORMAT = Uint8Array.of(1);
const LABEL = utf8('CPNS personal data');
const PADDED_TO_BYTES = 128;
const SPACE = 0x20;

export function sealPersonal(key: Uint8Array, place: PersonalPlace, json: Uint8Array, bytes: RandomBytes): Uint8Array {
  assertKey('The key of a data subject', key);
  const nonce = bytes(NONCE_BYTES);
  return concat(FORMAT, nonce, seal(key, nonce, boundTo(place), padded(json)));
}

/** The JSON with its padding, or null: another key, another place, or changed. */
export function openPersonal(key: Uint8Array, place: PersonalPlace, sealed: Uint8Array): Uint8Array | null {
  assertKey('The key of a data subject', key);
  if (sealed[0] !== FORMAT[0]) return null;
  return open(key, sealed.slice(1, 1 + NONCE_BYTES), boundTo(place), sealed.slice(1 + NONCE_BYTES));
}

/** With spaces behind it, so that its length does not tell that of a name. */
export function padded(json: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.max(1, Math.ceil(json.length / PADDED_TO_BYTES)) * PADDED_TO_BYTES).fill(SPACE);
  whole.set(json);
  return whole;
}

function boundTo({ stream, type, keyId }: PersonalPlace): Uint8Array {
  return concat(LABEL, FORMAT, utf8(`\0${stream}\0${type}\0${keyId}`));
}

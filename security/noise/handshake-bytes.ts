/**
 * A handshake as bytes and back, so that a device may be killed between its request and the answer. The bytes are secret:
 * they hold the ephemeral key. The pre-shared secret is in them only while a later message still needs it.
 *
 * ```
 * 0   1  format, 1          3   1  messages so far         5..36   chaining key
 * 1   1  pattern id         4   1  which fields follow     37..68  handshake hash
 * 2   1  role, 1 or 2              (bit n: field n)        69..72  counter, most significant byte first
 * 73..   the fields present, 32 bytes each: 0 cipher key, 1 psk, 2 s secret, 3 e secret, 4 rs, 5 re
 * ```
 */
import { concat, uint32 } from '../bytes.ts';
import type { RandomBytes } from '../random-bytes.ts';
import { KEY_BYTES } from '../security-error.ts';
import { HandshakeState, type Role } from './handshake-state.ts';
import { HASH_BYTES } from './hkdf.ts';
import { patternOf } from './patterns.ts';
import { SymmetricState } from './symmetric-state.ts';
import { keyPair } from './x25519.ts';

const FORMAT = 1;
const ROLE_BYTE = { initiator: 1, responder: 2 } as const;
const HEAD_BYTES = 5;
const FIELDS_OFFSET = HEAD_BYTES + 2 * HASH_BYTES + 4;
const FIELD_COUNT = 6;

export function exportState(state: HandshakeState): Uint8Array {
  const { chainingKey, handshakeHash, key, counter } = state.symmetric.fields();
  const { psk, s, e, rs, re } = state.keys;
  const isPskNeeded = state.pattern.messages.slice(state.messageIndex).some((tokens) => tokens.includes('psk'));
  const fields = [key, isPskNeeded ? psk : null, s?.secret ?? null, e?.secret ?? null, rs, re];
  const present = fields.reduce((bits, field, index) => (field === null ? bits : bits | (1 << index)), 0);
  const head = Uint8Array.of(FORMAT, state.pattern.id, ROLE_BYTE[state.role], state.messageIndex, present);
  return concat(head, chainingKey, handshakeHash, uint32(counter), ...fields.filter((field) => field !== null));
}

/** Null for bytes that `exportState` did not write. */
export function restoreState(exported: Uint8Array, bytes: RandomBytes): HandshakeState | null {
  const [format, patternId, roleByte, messageIndex, present] = exported;
  if (patternId === undefined || messageIndex === undefined || present === undefined) return null;
  const pattern = patternOf(patternId);
  const role = roleOf(roleByte);
  if (format !== FORMAT || pattern === null || role === null || messageIndex > pattern.messages.length) return null;
  if (exported.length !== FIELDS_OFFSET + KEY_BYTES * countBits(present) || present >> FIELD_COUNT !== 0) return null;

  let offset = FIELDS_OFFSET;
  const field = (index: number): Uint8Array | null => {
    if ((present & (1 << index)) === 0) return null;
    offset += KEY_BYTES;
    return exported.slice(offset - KEY_BYTES, offset);
  };
  const [key, psk, s, e, rs, re] = [field(0), field(1), field(2), field(3), field(4), field(5)];
  const counterOffset = HEAD_BYTES + 2 * HASH_BYTES;
  const symmetric = new SymmetricState({
    chainingKey: exported.slice(HEAD_BYTES, HEAD_BYTES + HASH_BYTES),
    handshakeHash: exported.slice(HEAD_BYTES + HASH_BYTES, counterOffset),
    key,
    counter: new DataView(exported.buffer, exported.byteOffset).getUint32(counterOffset),
  });
  const keys = { psk, s: s === null ? null : keyPair(s), e: e === null ? null : keyPair(e), rs, re };
  return new HandshakeState({ pattern, role, bytes, symmetric, keys, messageIndex });
}

function roleOf(byte: number | undefined): Role | null {
  if (byte === ROLE_BYTE.initiator) return 'initiator';
  return byte === ROLE_BYTE.responder ? 'responder' : null;
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest >>= 1) count += rest & 1;
  return count;
}

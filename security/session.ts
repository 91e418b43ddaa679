/**
 * The secure session that stands between a PNE and the CPNS Server after registration: two keys out of the handshake, one
 * a direction, and frames sealed with them. Noise, revision 34: section 5.2 (Split) and section 11.2 (channel binding).
 * They seal what the protocol itself says; application data goes under the epochs of the two chains (`epochs.ts`).
 */
import { cipherKey, counterNonce, MAX_COUNTER, open, seal, type CipherKey } from './aead.ts';
import { toBase64url } from './base64url.ts';
import { concat, uint32, utf8 } from './bytes.ts';
import { firstChain, type Chain, type Direction } from './epochs.ts';
import type { Role, SplitKeys } from './noise/handshake-state.ts';
import { sha256 } from './noise/hkdf.ts';
import { KEY_BYTES, SecurityError } from './security-error.ts';

/** What the protocol's own messages are sealed with. */
export interface SessionKeys {
  /** Names the session in events and logs: 22 characters, public, and the same on both sides. */
  readonly keyId: string;
  readonly role: Role;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

export interface Session extends SessionKeys {
  /** The next epoch of each direction: those before it were claimed, and their keys are nowhere but in their owner. */
  readonly chains: { readonly [direction in Direction]: Chain };
}

const KEY_ID_LABEL = utf8('CPNS key id');
const KEY_ID_BYTES = 16;
const FRAME_LABEL = utf8('CPNS frame');
const DIRECTION = { initiator: Uint8Array.of(1), responder: Uint8Array.of(2) } as const;

export function sessionOf(role: Role, keys: SplitKeys): Session {
  const id = sha256(KEY_ID_LABEL, keys.handshakeHash).subarray(0, KEY_ID_BYTES);
  const [sendKey, receiveKey] =
    role === 'initiator' ? [keys.initiatorKey, keys.responderKey] : [keys.responderKey, keys.initiatorKey];
  const chains = { up: firstChain(keys.dataRoot, 'up'), down: firstChain(keys.dataRoot, 'down') };
  return { keyId: toBase64url(id), role, sendKey, receiveKey, chains };
}

/** Ciphertext and tag. A counter is used once: the caller keeps it, sends it along, and refuses a repeated one. */
export function sealFrame(
  session: SessionKeys,
  counter: bigint | number,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  if (!isCounter(counter)) {
    throw new SecurityError(`Frame counter ${counter} is not in 0..2^64-2.`, 'Register again for fresh keys.');
  }
  const { sendKey, sent } = readied(session);
  return seal(sendKey, counterNonce(counter), Buffer.concat([sent, associatedData]), plaintext);
}

/** The plaintext, or null for anything that the other side did not seal under this counter and associated data. */
export function openFrame(
  session: SessionKeys,
  counter: bigint | number,
  frame: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array | null {
  if (!isCounter(counter)) return null;
  const { receiveKey, received } = readied(session);
  return open(receiveKey, counterNonce(counter), Buffer.concat([received, associatedData]), frame);
}

/** What all frames of a session share, made once: for each frame of 64 bytes it would take a third of the time. */
interface Readied {
  readonly sendKey: CipherKey;
  readonly receiveKey: CipherKey;
  /** What the frames of either direction are bound to, before the caller's associated data. */
  readonly sent: Uint8Array;
  readonly received: Uint8Array;
}

const READIED = new WeakMap<SessionKeys, Readied>();

function readied(session: SessionKeys): Readied {
  const known = READIED.get(session);
  if (known !== undefined) return known;
  const { role, keyId } = session;
  const bound = (sender: Role): Uint8Array => concat(FRAME_LABEL, DIRECTION[sender], utf8(keyId));
  const made = {
    sendKey: cipherKey(session.sendKey),
    receiveKey: cipherKey(session.receiveKey),
    sent: bound(role),
    received: bound(role === 'initiator' ? 'responder' : 'initiator'),
  };
  READIED.set(session, made);
  return made;
}

function isCounter(counter: bigint | number): boolean {
  if (typeof counter === 'number') return Number.isSafeInteger(counter) && counter >= 0;
  return counter >= 0n && counter <= MAX_COUNTER;
}

const FORMAT = 2;
const KEY_ID_CHARACTERS = 22;
const EPOCH_BYTES = 4;
const KEYS_AT = 2 + KEY_ID_CHARACTERS;
const CHAINS_AT = KEYS_AT + 2 * KEY_BYTES;
const CHAIN_BYTES = EPOCH_BYTES + KEY_BYTES;
const SESSION_BYTES = CHAINS_AT + 2 * CHAIN_BYTES;

/**
 * For the keyring, secret: format (2), role (1 initiator, 2 responder), key id in ASCII, send key, receive key, then the chain
 * up and the chain down, each its epoch in four bytes and its key.
 */
export function sessionToBytes({ keyId, role, sendKey, receiveKey, chains: { up, down } }: Session): Uint8Array {
  const head = concat(Uint8Array.of(FORMAT), DIRECTION[role], utf8(keyId), sendKey, receiveKey);
  return concat(head, uint32(up.epoch), up.key, uint32(down.epoch), down.key);
}

/** Null for bytes that `sessionToBytes` did not write. */
export function sessionFromBytes(bytes: Uint8Array): Session | null {
  if (bytes.length !== SESSION_BYTES || bytes[0] !== FORMAT || (bytes[1] !== 1 && bytes[1] !== 2)) return null;
  const keyId = Buffer.from(bytes.subarray(2, KEYS_AT)).toString('latin1');
  if (!/^[A-Za-z0-9_-]{22}$/.test(keyId)) return null;
  const up = chainAt(bytes, CHAINS_AT);
  const down = chainAt(bytes, CHAINS_AT + CHAIN_BYTES);
  return {
    keyId,
    role: bytes[1] === 1 ? 'initiator' : 'responder',
    sendKey: bytes.slice(KEYS_AT, KEYS_AT + KEY_BYTES),
    receiveKey: bytes.slice(KEYS_AT + KEY_BYTES, CHAINS_AT),
    chains: { up, down },
  };
}

function chainAt(bytes: Uint8Array, offset: number): Chain {
  const epoch = new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
  return { epoch, key: bytes.slice(offset + EPOCH_BYTES, offset + CHAIN_BYTES) };
}

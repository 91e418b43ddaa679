import type { KeyObject } from 'node:crypto';
import type { Recording } from './recording.ts';

/**
 * Both patterns written out token by token, as docs/security-bytes.md has them, on the calls of a recording. What each side
 * gives: the parts of its message, what it reads, the three outputs of Split, the handshake hash.
 */
export interface Hand {
  readonly recording: Recording;
  readonly prologue: Uint8Array;
  /** 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** What this side says. */
  readonly payload: Uint8Array;
  /** The message of the other side. */
  readonly message: Uint8Array;
}

export interface Static {
  readonly publicKey: Uint8Array;
  readonly handle: KeyObject;
}

const KEY = 32;
const SEALED_KEY = 48;

export function initiateNNpsk0({ recording, ...hand }: Hand & { readonly psk: Uint8Array }): readonly Uint8Array[] {
  const state = new State(recording, 'Noise_NNpsk0_25519_ChaChaPoly_SHA256', hand.prologue);
  state.mixKeyAndHash(hand.psk);
  const e = recording.keyPair(hand.ephemeral);
  state.mixEphemeral(e.publicKey);
  const sealed = state.seal(hand.payload);
  const re = hand.message.subarray(0, KEY);
  state.mixEphemeral(re);
  state.mixKey(recording.agree(e.handle, re));
  return [e.publicKey, sealed, state.open(hand.message.subarray(KEY)), ...state.split()];
}

export function respondNNpsk0({ recording, ...hand }: Hand & { readonly psk: Uint8Array }): readonly Uint8Array[] {
  const state = new State(recording, 'Noise_NNpsk0_25519_ChaChaPoly_SHA256', hand.prologue);
  state.mixKeyAndHash(hand.psk);
  const re = hand.message.subarray(0, KEY);
  state.mixEphemeral(re);
  const read = state.open(hand.message.subarray(KEY));
  const e = recording.keyPair(hand.ephemeral);
  state.mixEphemeral(e.publicKey);
  state.mixKey(recording.agree(e.handle, re));
  return [e.publicKey, state.seal(hand.payload), read, ...state.split()];
}

export function initiateIK({
  recording,
  ...hand
}: Hand & { readonly own: Static; readonly pinned: Uint8Array }): readonly Uint8Array[] {
  const state = new State(recording, 'Noise_IK_25519_ChaChaPoly_SHA256', hand.prologue);
  state.mixHash(hand.pinned);
  const e = recording.keyPair(hand.ephemeral);
  state.mixHash(e.publicKey);
  state.mixKey(recording.agree(e.handle, hand.pinned));
  const sealedKey = state.seal(hand.own.publicKey);
  state.mixKey(recording.agree(hand.own.handle, hand.pinned));
  const sealed = state.seal(hand.payload);
  const re = hand.message.subarray(0, KEY);
  state.mixHash(re);
  state.mixKey(recording.agree(e.handle, re));
  state.mixKey(recording.agree(hand.own.handle, re));
  return [e.publicKey, sealedKey, sealed, state.open(hand.message.subarray(KEY)), ...state.split()];
}

export function respondIK({ recording, ...hand }: Hand & { readonly own: Static }): readonly Uint8Array[] {
  const state = new State(recording, 'Noise_IK_25519_ChaChaPoly_SHA256', hand.prologue);
  state.mixHash(hand.own.publicKey);
  const re = hand.message.subarray(0, KEY);
  state.mixHash(re);
  state.mixKey(recording.agree(hand.own.handle, re));
  const rs = state.open(hand.message.subarray(KEY, KEY + SEALED_KEY));
  state.mixKey(recording.agree(hand.own.handle, rs));
  const read = state.open(hand.message.subarray(KEY + SEALED_KEY));
  const e = recording.keyPair(hand.ephemeral);
  state.mixHash(e.publicKey);
  state.mixKey(recording.agree(e.handle, re));
  state.mixKey(recording.agree(e.handle, rs));
  return [e.publicKey, state.seal(hand.payload), read, ...state.split()];
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'ascii');
const NOTHING = new Uint8Array(0);
/** Each key of a handshake seals one thing. */
const NONCE = new Uint8Array(12);

/** Noise, revision 34, sections 4.3 and 5.2. */
class State {
  readonly #recording: Recording;
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #key: Uint8Array = NOTHING;

  constructor(recording: Recording, name: string, prologue: Uint8Array) {
    this.#recording = recording;
    this.#chainingKey = name.length <= KEY ? ascii(name) : recording.hash(ascii(name));
    this.#hash = recording.hash(this.#chainingKey, prologue);
  }

  mixHash(data: Uint8Array): void {
    this.#hash = this.#recording.hash(this.#hash, data);
  }

  mixKey(material: Uint8Array): void {
    [this.#chainingKey = NOTHING, this.#key = NOTHING] = this.#derive(material, 2);
  }

  mixKeyAndHash(material: Uint8Array): void {
    const [chainingKey = NOTHING, hashed = NOTHING, key = NOTHING] = this.#derive(material, 3);
    this.#chainingKey = chainingKey;
    this.mixHash(hashed);
    this.#key = key;
  }

  /** Section 9.2: where there is a psk, an ephemeral key is mixed into the key too. */
  mixEphemeral(publicKey: Uint8Array): void {
    this.mixHash(publicKey);
    this.mixKey(publicKey);
  }

  seal(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#recording.seal(this.#key, NONCE, this.#hash, plaintext);
    this.mixHash(sealed);
    return sealed;
  }

  open(sealed: Uint8Array): Uint8Array {
    const plaintext = this.#recording.open(this.#key, NONCE, this.#hash, sealed);
    this.mixHash(sealed);
    return plaintext;
  }

  split(): readonly Uint8Array[] {
    return [...this.#derive(NOTHING, 3), this.#hash];
  }

  #derive(material: Uint8Array, outputs: 2 | 3): readonly Uint8Array[] {
    const extracted = this.#recording.hmac(this.#chainingKey, material);
    const derived = [this.#recording.hmac(extracted, Uint8Array.of(1))];
    while (derived.length < outputs) {
      derived.push(this.#recording.hmac(extracted, derived.at(-1) ?? NOTHING, Uint8Array.of(derived.length + 1)));
    }
    return derived;
  }
}

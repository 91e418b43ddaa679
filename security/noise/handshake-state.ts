/**
 * Noise's HandshakeState, revision 34, section 5.3, driven by a row of the pattern table. Both sides are the same code:
 * who sends is read off the number of messages so far. Bytes from the peer give values; being driven out of turn throws.
 */
import { TAG_BYTES } from '../aead.ts';
import { concat } from '../bytes.ts';
import type { RandomBytes } from '../random-bytes.ts';
import { assertKey, KEY_BYTES, SecurityError } from '../security-error.ts';
import { hasPsk, type Pattern, type Token } from './patterns.ts';
import { SymmetricState } from './symmetric-state.ts';
import { keyPair, PUBLIC_KEY_BYTES, sharedSecret, type KeyPair } from './x25519.ts';

/** Section 3. */
export const MAX_MESSAGE_BYTES = 65_535;

export type Role = 'initiator' | 'responder';

/** The variables of section 5.3 that a pattern may leave empty. */
export interface HandshakeKeys {
  readonly psk: Uint8Array | null;
  readonly s: KeyPair | null;
  readonly e: KeyPair | null;
  readonly rs: Uint8Array | null;
  readonly re: Uint8Array | null;
}

export type ReadOutcome =
  | { readonly kind: 'read'; readonly payload: Uint8Array }
  | { readonly kind: 'failed'; readonly reason: 'malformed' | 'decryptFailed' };

export interface SplitKeys {
  readonly initiatorKey: Uint8Array;
  readonly responderKey: Uint8Array;
  /** What the keys of the data frames are derived from. */
  readonly dataRoot: Uint8Array;
  readonly handshakeHash: Uint8Array;
}

const MALFORMED: ReadOutcome = { kind: 'failed', reason: 'malformed' };
const DECRYPT_FAILED: ReadOutcome = { kind: 'failed', reason: 'decryptFailed' };

export class HandshakeState {
  readonly pattern: Pattern;
  readonly role: Role;
  readonly #bytes: RandomBytes;
  readonly #symmetric: SymmetricState;
  #keys: HandshakeKeys;
  #messageIndex: number;
  #failed = false;

  /** For `startHandshake` and `restoreHandshake`. */
  constructor(options: {
    readonly pattern: Pattern;
    readonly role: Role;
    readonly bytes: RandomBytes;
    readonly symmetric: SymmetricState;
    readonly keys: HandshakeKeys;
    readonly messageIndex: number;
  }) {
    this.pattern = options.pattern;
    this.role = options.role;
    this.#bytes = options.bytes;
    this.#symmetric = options.symmetric;
    this.#keys = options.keys;
    this.#messageIndex = options.messageIndex;
  }

  get messageIndex(): number {
    return this.#messageIndex;
  }
  get keys(): HandshakeKeys {
    return this.#keys;
  }
  get symmetric(): SymmetricState {
    return this.#symmetric;
  }
  get isFinished(): boolean {
    return this.#messageIndex === this.pattern.messages.length;
  }

  writeMessage(payload: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const token of this.#nextTokens('write')) {
      if (token === 'e') parts.push(this.#writeEphemeral());
      else if (token === 's') parts.push(this.#symmetric.encryptAndHash(need(this.#keys.s, 's').publicKey));
      else if (!this.#mix(token)) {
        throw new SecurityError(`Token ${token} met a public key of low order.`, 'Check the configured static key.');
      }
    }
    parts.push(this.#symmetric.encryptAndHash(payload));
    this.#messageIndex += 1;
    const message = concat(...parts);
    if (message.length <= MAX_MESSAGE_BYTES) return message;
    throw new SecurityError(`A handshake message of ${message.length} bytes is too long.`, 'Shorten the payload.');
  }

  readMessage(message: Uint8Array): ReadOutcome {
    const outcome = this.#read(this.#nextTokens('read'), message);
    // Section 5.3: after an error the state is to be thrown away; half of it has taken the bad message in.
    if (outcome.kind === 'failed') this.#failed = true;
    else this.#messageIndex += 1;
    return outcome;
  }

  split(): SplitKeys {
    if (this.#failed || !this.isFinished) {
      throw new SecurityError('The handshake is not finished.', 'Split after the last message.');
    }
    const [initiatorKey, responderKey, dataRoot] = this.#symmetric.split();
    // Copies: hashes come out of node's shared pool, and what outlives the handshake has memory of its own.
    return {
      initiatorKey: new Uint8Array(initiatorKey),
      responderKey: new Uint8Array(responderKey),
      dataRoot: new Uint8Array(dataRoot),
      handshakeHash: new Uint8Array(this.#symmetric.handshakeHash),
    };
  }

  #read(tokens: readonly Token[], message: Uint8Array): ReadOutcome {
    if (message.length > MAX_MESSAGE_BYTES) return MALFORMED;
    let rest = message;
    for (const token of tokens) {
      if (token === 'e') {
        if (rest.length < PUBLIC_KEY_BYTES) return MALFORMED;
        const re = rest.slice(0, PUBLIC_KEY_BYTES);
        rest = rest.subarray(PUBLIC_KEY_BYTES);
        this.#keys = { ...this.#keys, re };
        this.#mixEphemeral(re);
      } else if (token === 's') {
        const length = PUBLIC_KEY_BYTES + (this.#symmetric.hasKey ? TAG_BYTES : 0);
        if (rest.length < length) return MALFORMED;
        const rs = this.#symmetric.decryptAndHash(rest.slice(0, length));
        rest = rest.subarray(length);
        if (rs === null) return DECRYPT_FAILED;
        this.#keys = { ...this.#keys, rs };
      } else if (!this.#mix(token)) return MALFORMED;
    }
    if (this.#symmetric.hasKey && rest.length < TAG_BYTES) return MALFORMED;
    const payload = this.#symmetric.decryptAndHash(rest.slice());
    return payload === null ? DECRYPT_FAILED : { kind: 'read', payload };
  }

  #nextTokens(wanted: 'read' | 'write'): readonly Token[] {
    const sender: Role = this.#messageIndex % 2 === 0 ? 'initiator' : 'responder';
    const turn = sender === this.role ? 'write' : 'read';
    const tokens = this.pattern.messages[this.#messageIndex];
    if (tokens === undefined || this.#failed || turn !== wanted) {
      throw new SecurityError(
        `The ${this.role} cannot ${wanted} message ${this.#messageIndex} of ${this.pattern.protocolName}.`,
        'Start a new handshake, or take turns as the pattern says.',
      );
    }
    return tokens;
  }

  #writeEphemeral(): Uint8Array {
    const e = keyPair(this.#bytes(KEY_BYTES));
    this.#keys = { ...this.#keys, e };
    this.#mixEphemeral(e.publicKey);
    return e.publicKey;
  }

  #mixEphemeral(publicKey: Uint8Array): void {
    this.#symmetric.mixHash(publicKey);
    if (hasPsk(this.pattern)) this.#symmetric.mixKey(publicKey);
  }

  /** Mixes the psk or one shared secret in. False when the peer's public key is of low order. */
  #mix(token: 'psk' | 'ee' | 'es' | 'se' | 'ss'): boolean {
    if (token === 'psk') {
      this.#symmetric.mixKeyAndHash(need(this.#keys.psk, 'psk'));
      return true;
    }
    const own = this.role === 'initiator' ? token[0] : token[1];
    const peer = this.role === 'initiator' ? token[1] : token[0];
    const secret = sharedSecret(
      own === 'e' ? need(this.#keys.e, 'e') : need(this.#keys.s, 's'),
      peer === 'e' ? need(this.#keys.re, 're') : need(this.#keys.rs, 'rs'),
    );
    if (secret === null) return false;
    this.#symmetric.mixKey(secret);
    return true;
  }
}

function need<T>(value: T | null, name: string): T {
  if (value !== null) return value;
  throw new SecurityError(`The pattern needs ${name}, which is not set.`, 'Pass it to startHandshake.');
}

/** Initialize (section 5.3): name, prologue, then the public keys known beforehand, the initiator's first. */
export function startHandshake(options: {
  readonly pattern: Pattern;
  readonly role: Role;
  readonly prologue: Uint8Array;
  readonly bytes: RandomBytes;
  readonly psk?: Uint8Array;
  readonly staticKey?: KeyPair;
  readonly remoteStatic?: Uint8Array;
}): HandshakeState {
  const { pattern, role, psk = null, staticKey = null, remoteStatic = null } = options;
  if (psk !== null) assertKey('The pre-shared secret', psk);
  if (remoteStatic !== null) assertKey('The static public key of the peer', remoteStatic);
  const symmetric = SymmetricState.initialize(pattern.protocolName);
  symmetric.mixHash(options.prologue);
  for (const owner of pattern.preMessages) {
    symmetric.mixHash(owner === role ? need(staticKey, 's').publicKey : need(remoteStatic, 'rs'));
  }
  const keys = { psk, s: staticKey, e: null, rs: remoteStatic, re: null };
  return new HandshakeState({ pattern, role, bytes: options.bytes, symmetric, keys, messageIndex: 0 });
}

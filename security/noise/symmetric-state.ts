/**
 * Noise's SymmetricState and the CipherState inside it: revision 34, sections 5.1 and 5.2. One instance belongs to one
 * handshake and is changed by each step; it is the only mutable thing besides the handshake itself.
 */
import { counterNonce, open, seal } from '../aead.ts';
import { utf8 } from '../bytes.ts';
import { HASH_BYTES, hkdf2, hkdf3, sha256 } from './hkdf.ts';

export interface SymmetricFields {
  readonly chainingKey: Uint8Array;
  readonly handshakeHash: Uint8Array;
  readonly key: Uint8Array | null;
  readonly counter: number;
}

const NOTHING = new Uint8Array(0);

export class SymmetricState {
  #chainingKey: Uint8Array;
  #handshakeHash: Uint8Array;
  #key: Uint8Array | null;
  #counter: number;

  constructor(fields: SymmetricFields) {
    this.#chainingKey = fields.chainingKey;
    this.#handshakeHash = fields.handshakeHash;
    this.#key = fields.key;
    this.#counter = fields.counter;
  }

  /** InitializeSymmetric: a name of at most 32 bytes is padded with zeros, a longer one hashed. */
  static initialize(protocolName: string): SymmetricState {
    const name = utf8(protocolName);
    const padded = new Uint8Array(HASH_BYTES);
    if (name.length <= HASH_BYTES) padded.set(name);
    const start = name.length <= HASH_BYTES ? padded : sha256(name);
    return new SymmetricState({ chainingKey: start, handshakeHash: start, key: null, counter: 0 });
  }

  fields(): SymmetricFields {
    return {
      chainingKey: this.#chainingKey,
      handshakeHash: this.#handshakeHash,
      key: this.#key,
      counter: this.#counter,
    };
  }

  /** Names the session for both sides once the handshake is over (section 11.2); public. */
  get handshakeHash(): Uint8Array {
    return this.#handshakeHash;
  }

  mixKey(material: Uint8Array): void {
    const [chainingKey, key] = hkdf2(this.#chainingKey, material);
    this.#chainingKey = chainingKey;
    this.#setKey(key);
  }

  mixHash(data: Uint8Array): void {
    this.#handshakeHash = sha256(this.#handshakeHash, data);
  }

  mixKeyAndHash(material: Uint8Array): void {
    const [chainingKey, hashed, key] = hkdf3(this.#chainingKey, material);
    this.#chainingKey = chainingKey;
    this.mixHash(hashed);
    this.#setKey(key);
  }

  /** True once encryptAndHash adds a tag. */
  get hasKey(): boolean {
    return this.#key !== null;
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext =
      this.#key === null ? plaintext : seal(this.#key, counterNonce(this.#counter++), this.#handshakeHash, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  decryptAndHash(ciphertext: Uint8Array): Uint8Array | null {
    if (this.#key === null) {
      this.mixHash(ciphertext);
      return ciphertext;
    }
    const plaintext = open(this.#key, counterNonce(this.#counter), this.#handshakeHash, ciphertext);
    if (plaintext === null) return null;
    this.#counter += 1;
    this.mixHash(ciphertext);
    return plaintext;
  }

  /**
   * Split: the key for what the initiator sends, the key for what the responder sends, and a third output for the caller
   * (section 4.3: the first two are what HKDF with two outputs gives).
   */
  split(): readonly [Uint8Array, Uint8Array, Uint8Array] {
    return hkdf3(this.#chainingKey, NOTHING);
  }

  #setKey(key: Uint8Array): void {
    this.#key = key;
    this.#counter = 0;
  }
}

/**
 * A broken invariant on our own side of the wire: a key of the wrong length, a counter used up, a handshake driven out of
 * turn. Bytes from a peer never cause one; they give a failed value.
 */
export class SecurityError extends Error {
  override readonly name = 'SecurityError';
  readonly remedy: string;
  constructor(sentence: string, remedy: string) {
    super(`${sentence} ${remedy}`);
    this.remedy = remedy;
  }
}

/** All keys here are 32 bytes: X25519 (RFC 7748 section 5), ChaCha20-Poly1305 (RFC 8439 section 2.8), Noise's psk (section 9.1). */
export const KEY_BYTES = 32;

export function assertKey(name: string, key: Uint8Array): void {
  if (key.length !== KEY_BYTES) {
    throw new SecurityError(`${name} is ${key.length} bytes long, not ${KEY_BYTES}.`, 'Pass the raw key.');
  }
}

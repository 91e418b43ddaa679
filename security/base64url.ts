/**
 * Base64url without padding, RFC 4648 section 5. Node's own decoder skips what it does not know; this one refuses it, so
 * that a byte string has exactly one spelling (RFC 4648 section 3.5) and a signed or compared text cannot be respelt.
 */

export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** The bytes, or null for another alphabet, padding, white space, or trailing bits that are not zero. */
export function fromBase64url(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'));
  return toBase64url(bytes) === text ? bytes : null;
}

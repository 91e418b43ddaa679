export const SECRET_BYTES = 32;

/** What a secret file holds: one line of base64url. */
export function encodeSecret(bytes: Uint8Array): string {
  return `${Buffer.from(bytes).toString('base64url')}\n`;
}

export function decodeSecret(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

/** PEM (RFC 7468): certificates and revocation lists as files hold them. */

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]*)-----END \1-----/g;
const LINE_CHARACTERS = 64;

export type PemLabel = 'CERTIFICATE' | 'X509 CRL';

export function toPem(label: PemLabel, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** All blocks of that label, in the order of the file; text around them is explanation (RFC 7468 section 5.2). */
export function fromPem(label: PemLabel, text: string): readonly Uint8Array[] {
  return [...text.matchAll(BLOCK)]
    .filter((block) => block[1] === label)
    .map((block) => new Uint8Array(Buffer.from(block[2] ?? '', 'base64')));
}

import type { ApplicationMessage } from '../../actors/sessions/data/port.ts';
import { reasonPhrase, type ResponseCode } from '../../events/codes.ts';
import { toBase64url } from '../../security/base64url.ts';

/** Application messages and what became of them, for people and for programs. */

/** Characters of a message that people are shown; `--json` has it whole. */
const SHOWN_CHARACTERS = 200;

/** What would move the cursor, colour the screen, or turn the reading direction stays out of a terminal. */
const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]*$/u;

/** The beginning of a message in quotes, or nothing where it is no text. */
function shown(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return '';
  }
  const start = Array.from(text.slice(0, 2 * SHOWN_CHARACTERS))
    .slice(0, SHOWN_CHARACTERS)
    .join('');
  // Line ends and tabs are common in text, and are shown as JSON writes them.
  if (!PRINTABLE.test(start.replaceAll(/[\n\r\t]/g, ''))) return '';
  return `: ${JSON.stringify(start)}${start.length < text.length ? ' ...' : ''}`;
}

const sizeOf = ({ length }: Uint8Array): string => (length === 1 ? '1 byte' : `${length} bytes`);

/** A message that came in, at a PNE. */
export function receivedText({ deviceId, serviceId, bytes }: ApplicationMessage): string {
  return `${deviceId}  message from ${serviceId}, ${sizeOf(bytes)}${shown(bytes)}`;
}

/** A message that came in, at a service. */
export function heardText({ deviceId, pnId, bytes }: Omit<ApplicationMessage, 'serviceId'>): string {
  return `${deviceId} in ${pnId}, ${sizeOf(bytes)}${shown(bytes)}`;
}

export function messageJson({ bytes, ...rest }: ApplicationMessage): string {
  return JSON.stringify({ kind: 'message', ...rest, sizeBytes: bytes.length, bytes: toBase64url(bytes) });
}

/** What became of a message: `code` is 200 when it was delivered. */
export interface Sent {
  readonly code: ResponseCode;
  readonly reason: string;
}

/** What the codes mean to whoever sent an application message. */
const REASONS: Partial<Readonly<Record<ResponseCode, string>>> = {
  200: 'delivered',
  404: 'no such service',
  408: 'no confirmation came: it may have been delivered or not',
  429: 'too many at once',
  480: 'no secure session',
  500: 'failed: it may have been delivered or not',
  503: 'nobody is there to take it',
};

export function sentAs(code: ResponseCode): Sent {
  return { code, reason: REASONS[code] ?? reasonPhrase(code) };
}

/** One line: `hall-motion to echo, 5 bytes: 200 delivered`. */
export function sentText(route: string, bytes: Uint8Array, { code, reason }: Sent): string {
  return `${route}, ${sizeOf(bytes)}: ${code} ${reason}`;
}

export function sentJson(message: ApplicationMessage, sent: Sent): string {
  const { bytes, ...rest } = message;
  return JSON.stringify({ kind: 'sent', ...rest, sizeBytes: bytes.length, ...sent });
}

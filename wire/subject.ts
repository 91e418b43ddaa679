import { WireError } from './port.ts';

/** NATS refuses a larger one by default (`max_payload`). The protocol itself stops at `MAX_MESSAGE_BYTES`; reads may be larger. */
export const MAX_PAYLOAD_BYTES = 1_048_576;

/** A control line of nats-server holds at most 4,096 bytes, and the reply subject and sizes must fit in as well. */
export const MAX_SUBJECT_CHARS = 1_024;

const TOKEN = /^[^\s.*>]+$/;
/** Tokens between dots, in one look: every message that leaves is asked. */
const SUBJECT = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;

function wellFormed(text: string, token: (token: string, last: boolean) => boolean): boolean {
  if (text.length > MAX_SUBJECT_CHARS) return false;
  const tokens = text.split('.');
  return tokens.every((part, index) => token(part, index === tokens.length - 1));
}

/** @throws WireError `refused` unless the subject is dot-separated tokens without wildcards */
export function assertSubject(subject: string): void {
  if (subject.length <= MAX_SUBJECT_CHARS && SUBJECT.test(subject)) return;
  throw new WireError('refused', `"${subject}" is no subject`, 'Use dot-separated tokens without spaces or wildcards.');
}

/** @throws WireError `refused` unless the pattern is tokens, `*` and at most one `>`, at the end */
export function assertPattern(pattern: string): void {
  if (wellFormed(pattern, (token, last) => TOKEN.test(token) || token === '*' || (token === '>' && last))) return;
  throw new WireError(
    'refused',
    `"${pattern}" is no subject pattern`,
    'Use dot-separated tokens, * for one, > at the end for the rest.',
  );
}

/** @throws WireError `refused` over `MAX_PAYLOAD_BYTES` */
export function assertPayload(subject: string, sizeBytes: number): void {
  if (sizeBytes <= MAX_PAYLOAD_BYTES) return;
  throw new WireError(
    'refused',
    `a message of ${sizeBytes} bytes to ${subject} is over the ${MAX_PAYLOAD_BYTES} bytes that the wire carries`,
    'Send less at once.',
  );
}

/** Whether a subject falls under a pattern: `*` is one token, a trailing `>` one or more. Both must be well formed. */
export function matches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  const wanted = pattern.split('.');
  const given = subject.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return given.length > index;
    if (index >= given.length || (token !== '*' && token !== given[index])) return false;
  }
  return given.length === wanted.length;
}

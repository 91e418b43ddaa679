/**
 * Response codes: three digits with the meaning that SIP (RFC 3261) and HTTP (RFC 9110) gave them, each with a fixed
 * reason phrase. To an unauthenticated peer 401 says no more than that.
 */
export const RESPONSE_CODES = {
  200: { reason: 'registered', lasting: 'final' },
  202: { reason: 'awaiting approval', lasting: 'temporary' },
  400: { reason: 'malformed', lasting: 'final' },
  401: { reason: 'authentication failed', lasting: 'final' },
  403: { reason: 'refused by policy', lasting: 'final' },
  404: { reason: 'no such PN', lasting: 'final' },
  408: { reason: 'timed out', lasting: 'temporary' },
  409: { reason: 'inventory conflict', lasting: 'temporary' },
  410: { reason: 'PN released', lasting: 'final' },
  426: { reason: 'version not supported', lasting: 'final' },
  429: { reason: 'too many requests', lasting: 'temporary' },
  480: { reason: 'PN not established', lasting: 'temporary' },
  500: { reason: 'internal error', lasting: 'temporary' },
  503: { reason: 'server unreachable', lasting: 'temporary' },
} as const;

export type ResponseCode = keyof typeof RESPONSE_CODES;

export const RESPONSE_CODE_VALUES = [200, 202, 400, 401, 403, 404, 408, 409, 410, 426, 429, 480, 500, 503] as const;

export function reasonPhrase(code: ResponseCode): string {
  return RESPONSE_CODES[code].reason;
}

/** A temporary refusal may be answered otherwise when it is asked again later; a final one will not. */
export function isTemporary(code: ResponseCode): boolean {
  return RESPONSE_CODES[code].lasting === 'temporary';
}

/**
 * Noise handshake patterns as table rows: revision 34, section 7.5 (IK) and section 9.4 (NNpsk0). A new pattern is a new
 * row. `id` names the row in a serialised state, so it is never given to another row.
 */

/** Section 7.1 and section 9.2. In `es` and `se` the first letter is the initiator's key, the second the responder's. */
export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk';

export interface Pattern {
  readonly id: number;
  readonly protocolName: string;
  /** Whose static public key the other side knows beforehand (section 7.1, pre-messages). */
  readonly preMessages: readonly ('initiator' | 'responder')[];
  /** Messages alternate; the initiator sends the first. */
  readonly messages: readonly (readonly Token[])[];
}

export const PATTERNS = {
  NNpsk0: {
    id: 1,
    protocolName: 'Noise_NNpsk0_25519_ChaChaPoly_SHA256',
    preMessages: [],
    messages: [
      ['psk', 'e'],
      ['e', 'ee'],
    ],
  },
  IK: {
    id: 2,
    protocolName: 'Noise_IK_25519_ChaChaPoly_SHA256',
    preMessages: ['responder'],
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
} as const satisfies Readonly<Record<string, Pattern>>;

export function patternOf(id: number): Pattern | null {
  return Object.values(PATTERNS).find((pattern) => pattern.id === id) ?? null;
}

/** Section 9.2: with a psk anywhere in the pattern, every `e` is also mixed into the key. */
export function hasPsk(pattern: Pattern): boolean {
  return pattern.messages.some((tokens) => tokens.includes('psk'));
}

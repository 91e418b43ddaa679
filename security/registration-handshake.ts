/**
 * The registration's use of Noise: `Noise_NNpsk0_25519_ChaChaPoly_SHA256` in the two messages that the change request has.
 * The first proves that the PNE holds the pre-shared secret, the second that the CPNS Server does; each carries a payload,
 * and the session's keys come out on both sides without being sent. docs/security-bytes.md says it byte by byte.
 *
 * The first message alone has no replay protection (Noise, section 7.7): a caller acts once per `requestId`.
 */
import { prologueOf, type Binding } from './binding.ts';
import { exportState, restoreState } from './noise/handshake-bytes.ts';
import { startHandshake, type HandshakeState } from './noise/handshake-state.ts';
import { PATTERNS } from './noise/patterns.ts';
import type { RandomBytes } from './random-bytes.ts';
import { KEY_BYTES, SecurityError } from './security-error.ts';
import { sessionOf, type Session } from './session.ts';

export type { Binding } from './binding.ts';

const PATTERN = PATTERNS.NNpsk0;

export interface StartedRegistration {
  readonly message: Uint8Array;
  /** Secret: wrap it before it is stored, forget it once the registration is over. */
  readonly pending: Uint8Array;
}

export type FinishedRegistration =
  | { readonly kind: 'accepted'; readonly payload: Uint8Array; readonly session: Session }
  | { readonly kind: 'failed' };

export interface RegistrationResponse {
  readonly message: Uint8Array;
  readonly session: Session;
}

export type ReadRegistration =
  | {
      readonly kind: 'authenticated';
      readonly payload: Uint8Array;
      /** Once only: a second answer to one request would be a second session. Keep the first for retries. */
      readonly respond: (payload: Uint8Array) => RegistrationResponse;
    }
  | { readonly kind: 'failed'; readonly reason: 'malformed' | 'decryptFailed' };

/** The PNE's side. Draws 32 random bytes: its ephemeral key. */
export function startRegistration(options: {
  readonly psk: Uint8Array;
  readonly binding: Binding;
  readonly payload: Uint8Array;
  readonly bytes: RandomBytes;
}): StartedRegistration {
  const { psk, binding, bytes } = options;
  const state = startHandshake({ pattern: PATTERN, role: 'initiator', prologue: prologueOf(binding), psk, bytes });
  const message = state.writeMessage(options.payload);
  return { message, pending: exportState(state) };
}

/** A failure spends nothing: after a forged answer the true one is still accepted from the same `pending`. */
export function finishRegistration(options: {
  readonly pending: Uint8Array;
  readonly message: Uint8Array;
}): FinishedRegistration {
  const state = restoreState(options.pending, noMoreRandom);
  if (state === null || !isAwaitingAnswer(state)) return { kind: 'failed' };
  const outcome = state.readMessage(options.message);
  if (outcome.kind === 'failed') return { kind: 'failed' };
  return { kind: 'accepted', payload: outcome.payload, session: sessionOf('initiator', state.split()) };
}

/**
 * The CPNS Server's side. Draws 32 random bytes for a throw-away secret, used when the device is unknown (`psk: null`), so
 * that an unknown device costs the same as a wrong secret; then, in `respond`, 32 for its ephemeral key.
 */
export function readRegistration(options: {
  readonly psk: Uint8Array | null;
  readonly binding: Binding;
  readonly message: Uint8Array;
  readonly bytes: RandomBytes;
}): ReadRegistration {
  const { binding, bytes } = options;
  const throwAway = bytes(KEY_BYTES);
  const psk = options.psk ?? throwAway;
  const state = startHandshake({ pattern: PATTERN, role: 'responder', prologue: prologueOf(binding), psk, bytes });
  const outcome = state.readMessage(options.message);
  if (outcome.kind === 'failed') return outcome;
  if (options.psk === null) return { kind: 'failed', reason: 'decryptFailed' };
  const respond = (payload: Uint8Array): RegistrationResponse => {
    const message = state.writeMessage(payload);
    return { message, session: sessionOf('responder', state.split()) };
  };
  return { kind: 'authenticated', payload: outcome.payload, respond };
}

function isAwaitingAnswer(state: HandshakeState): boolean {
  const { pattern, role, messageIndex, keys } = state;
  return pattern.id === PATTERN.id && role === 'initiator' && messageIndex === 1 && keys.e !== null;
}

function noMoreRandom(): never {
  throw new SecurityError('Reading an answer draws no random bytes.', 'This is a defect of the handshake.');
}

/**
 * The registration's use of Noise, in the two messages that the change request has. Each carries a payload, and the
 * session's keys come out on both sides without being sent. docs/security-bytes.md says it byte by byte.
 *
 * | credential | protocol | the first message proves that | the second that |
 * |---|---|---|---|
 * | `psk` | `Noise_NNpsk0_25519_ChaChaPoly_SHA256` | the PNE holds the pre-shared secret | the CPNS Server holds it too |
 * | `pki` | `Noise_IK_25519_ChaChaPoly_SHA256` | the PNE holds the key of its certificate | the server holds the pinned key |
 *
 * Nothing in a message says which of the two it is: the server knows what it provisioned the device with, and tries no other.
 *
 * The first message alone has no replay protection (Noise, section 7.7): a caller acts once per `requestId`, and puts a timestamp
 * into its payload (`timestamp.ts`).
 */
import { prologueOf, type Binding } from './binding.ts';
import { concat } from './bytes.ts';
import { exportState, restoreState } from './noise/handshake-bytes.ts';
import { startHandshake, type HandshakeState } from './noise/handshake-state.ts';
import { PATTERNS } from './noise/patterns.ts';
import type { KeyPair } from './noise/x25519.ts';
import { readChain, writeChain } from './pki/chain.ts';
import type { CertificateRefusal, CertificateVerdict } from './pki/verify.ts';
import type { RandomBytes } from './random-bytes.ts';
import { KEY_BYTES, SecurityError } from './security-error.ts';
import { sessionOf, type Session } from './session.ts';

export type { Binding } from './binding.ts';

/** What a PNE or a PN GW holds. Keys are 32 bytes. */
export type Credential =
  | { readonly kind: 'psk'; readonly psk: Uint8Array }
  | {
      readonly kind: 'pki';
      readonly staticKey: KeyPair;
      /** DER, the device's own certificate first, each next one the issuer of the one before. */
      readonly chain: readonly Uint8Array[];
      /** Pinned when the device was provisioned. */
      readonly serverPublicKey: Uint8Array;
    };

/** What the CPNS Server knows of whoever claims to be a device. */
export type ExpectedCredential =
  | { readonly kind: 'psk'; readonly psk: Uint8Array }
  | {
      readonly kind: 'pki';
      readonly serverKey: KeyPair;
      /** Decides on the chain; whether the sender holds the certified key is decided here. */
      readonly verify: (chain: readonly Uint8Array[]) => CertificateVerdict;
    }
  /** Unknown: fails whatever it sends, and costs what a wrong secret costs. */
  | { readonly kind: 'none' };

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

/** `wrongKey`: the certificate is in order, but certifies another key than the sender has shown to hold. */
export type RegistrationFailure = 'malformed' | 'decryptFailed' | 'wrongKey' | CertificateRefusal;

export type ReadRegistration =
  | {
      readonly kind: 'authenticated';
      readonly payload: Uint8Array;
      /** The certificates that were shown and taken, DER; null: a secret was. */
      readonly chain: readonly Uint8Array[] | null;
      /** Once only: a second answer to one request would be a second session. Keep the first for retries. */
      readonly respond: (payload: Uint8Array) => RegistrationResponse;
    }
  | { readonly kind: 'failed'; readonly reason: RegistrationFailure };

/**
 * The side of the PNE, and of the PN GW. Draws 32 random bytes: its ephemeral key.
 * @throws SecurityError for a key of the wrong length, a chain that cannot be sent, a pinned key of low order
 */
export function startRegistration(options: {
  readonly credential: Credential;
  readonly binding: Binding;
  readonly payload: Uint8Array;
  readonly bytes: RandomBytes;
}): StartedRegistration {
  const { credential, binding, payload, bytes } = options;
  const common = { role: 'initiator', prologue: prologueOf(binding), bytes } as const;
  let state: HandshakeState;
  let message: Uint8Array;
  if (credential.kind === 'psk') {
    state = startHandshake({ ...common, pattern: PATTERNS.NNpsk0, psk: credential.psk });
    message = state.writeMessage(payload);
  } else {
    const { staticKey, serverPublicKey: remoteStatic } = credential;
    state = startHandshake({ ...common, pattern: PATTERNS.IK, staticKey, remoteStatic });
    message = state.writeMessage(concat(writeChain(credential.chain), payload));
  }
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
 * The CPNS Server's side. Draws 32 random bytes for a throw-away secret, used when the device is unknown, so that an unknown
 * device costs the same as a wrong secret; then, in `respond`, 32 for its ephemeral key.
 */
export function readRegistration(options: {
  readonly credential: ExpectedCredential;
  readonly binding: Binding;
  readonly message: Uint8Array;
  readonly bytes: RandomBytes;
}): ReadRegistration {
  const { credential, binding, bytes } = options;
  const common = { role: 'responder', prologue: prologueOf(binding), bytes } as const;
  const throwAway = bytes(KEY_BYTES);
  const state =
    credential.kind === 'pki'
      ? startHandshake({ ...common, pattern: PATTERNS.IK, staticKey: credential.serverKey })
      : startHandshake({
          ...common,
          pattern: PATTERNS.NNpsk0,
          psk: credential.kind === 'psk' ? credential.psk : throwAway,
        });
  const outcome = state.readMessage(options.message);
  if (outcome.kind === 'failed') return outcome;
  if (credential.kind === 'none') return { kind: 'failed', reason: 'decryptFailed' };
  const respond = (answer: Uint8Array): RegistrationResponse => {
    const message = state.writeMessage(answer);
    return { message, session: sessionOf('responder', state.split()) };
  };
  if (credential.kind === 'psk') return { kind: 'authenticated', payload: outcome.payload, chain: null, respond };
  const sent = readChain(outcome.payload);
  if (sent.kind === 'refused') return { kind: 'failed', reason: sent.reason };
  const verdict = credential.verify(sent.chain);
  if (verdict.kind === 'refused') return { kind: 'failed', reason: verdict.reason };
  if (!isSameKey(verdict.publicKey, state.keys.rs)) return { kind: 'failed', reason: 'wrongKey' };
  return { kind: 'authenticated', payload: sent.rest, chain: sent.chain, respond };
}

/** Public keys both: nothing to hide in how long it takes. */
function isSameKey(certified: Uint8Array, held: Uint8Array | null): boolean {
  return held !== null && Buffer.compare(certified, held) === 0;
}

/** Whatever bytes claim to be a pending handshake: only those that hold every key that the answer needs. */
function isAwaitingAnswer(state: HandshakeState): boolean {
  const { pattern, role, messageIndex, keys } = state;
  const isComplete = keys.e !== null && (pattern.id !== PATTERNS.IK.id || keys.s !== null);
  return role === 'initiator' && messageIndex === 1 && isComplete;
}

function noMoreRandom(): never {
  throw new SecurityError('Reading an answer draws no random bytes.', 'This is a defect of the handshake.');
}

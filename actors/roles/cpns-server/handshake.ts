import { isNewer } from '../../../machines/newest.ts';
import { fromBase64url, toBase64url } from '../../../security/base64url.ts';
import {
  readRegistration,
  type Binding,
  type ExpectedCredential,
  type RegistrationFailure,
  type RegistrationResponse,
} from '../../../security/registration-handshake.ts';
import { sessionToBytes, type Session } from '../../../security/session.ts';
import { timestampFromBytes } from '../../../security/timestamp.ts';
import type { Scope } from '../../loop/role.ts';
import { chainKey, sessionKey } from '../../sessions/sealed-text.ts';
import { keptChain } from '../../sessions/standing.ts';

/** The server's end of a registration, of a PN GW or of a PNE: reads the first handshake message, writes the second. */

export interface Authenticated {
  readonly kind: 'authenticated';
  readonly timestamp: string;
  /** Certificates that the sender has shown, DER; null: a secret. */
  readonly chain: readonly Uint8Array[] | null;
  /** Writes the second handshake message. */
  readonly respond: (payload: Uint8Array) => RegistrationResponse;
}

type Verdict = Authenticated | { readonly kind: 'failed'; readonly reason: RegistrationFailure | 'replayed' };

const utf8 = new TextEncoder();

/** @param newest timestamp of the newest request of that sender that was authenticated; this one has to be later */
export function authenticate(
  scope: Scope,
  credential: ExpectedCredential,
  binding: Binding,
  { handshake, newest }: { readonly handshake: string; readonly newest: string | null },
): Verdict {
  const message = fromBase64url(handshake);
  if (message === null) return { kind: 'failed', reason: 'malformed' };
  const result = readRegistration({ credential, binding, message, bytes: (length) => scope.bytes(length) });
  if (result.kind === 'failed') return result;
  const timestamp = timestampFromBytes(result.payload);
  if (timestamp === null) return { kind: 'failed', reason: 'malformed' };
  if (!isNewer(timestamp, newest)) return { kind: 'failed', reason: 'replayed' };
  return { kind: 'authenticated', timestamp, chain: result.chain, respond: result.respond };
}

/** Writes the second handshake message, base64url, and takes the session into the keyring. */
export function respond(
  scope: Scope,
  { respond: write, chain }: Authenticated,
  payload: object,
): { readonly session: Session; readonly handshake: string } {
  const { message, session } = write(utf8.encode(JSON.stringify(payload)));
  scope.keys.put(sessionKey(session.keyId), sessionToBytes(session));
  if (chain !== null) scope.keys.put(chainKey(session.keyId), keptChain(chain));
  return { session, handshake: toBase64url(message) };
}

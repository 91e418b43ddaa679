import { isNewer } from '../../../machines/newest.ts';
import { fromBase64url, toBase64url } from '../../../security/base64url.ts';
import {
  readRegistration,
  type Binding,
  type ExpectedCredential,
  type RegistrationFailure,
} from '../../../security/registration-handshake.ts';
import { sessionToBytes } from '../../../security/session.ts';
import { timestampFromBytes } from '../../../security/timestamp.ts';
import type { Scope } from '../../loop/role.ts';
import { StepError } from '../../loop/step/error.ts';
import { chainKey, sessionKey } from '../../sessions/sealed-text.ts';
import { keptChain } from './standing.ts';

/** The server's end of a registration, of a PN GW or of a PNE: reads the first handshake message, writes the second. */

type Verdict =
  | { readonly kind: 'authenticated'; readonly timestamp: string }
  | { readonly kind: 'failed'; readonly reason: RegistrationFailure | 'replayed' };

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
  scope.memory.respond = result.respond;
  scope.memory.chain = result.chain;
  return { kind: 'authenticated', timestamp };
}

/** Writes the second handshake message to whoever was authenticated in this step, and takes the session into the keyring. */
export function respond(scope: Scope, payload: object): { readonly keyId: string; readonly handshake: string } {
  const { respond: write, chain } = scope.memory;
  if (write === null) throw new StepError('Nobody was authenticated in this step.');
  const { message, session } = write(utf8.encode(JSON.stringify(payload)));
  scope.memory.session = session;
  scope.keys.put(sessionKey(session.keyId), sessionToBytes(session));
  if (chain !== null) scope.keys.put(chainKey(session.keyId), keptChain(chain));
  return { keyId: session.keyId, handshake: toBase64url(message) };
}

import { gatewayRegistration } from '../../../machines/cpns-server/gateway-registration.ts';
import { registration } from '../../../machines/cpns-server/registration.ts';
import type { ExpectedCredential } from '../../../security/registration-handshake.ts';
import type { Scope, StreamEvent } from '../../loop/role.ts';
import { chainKey, seenKey, sessionKey } from '../../sessions/sealed-text.ts';
import { fromKeptChain, standingOf, type EndReason } from '../../sessions/standing.ts';

/** Ends sessions that go on no longer: which those are, `sessions/standing.ts` says. */

/** Ends the session of a PN GW if it does not stand any longer; its keys go with it. */
export async function endGatewaySession(
  scope: Scope,
  stream: string,
  expected: ExpectedCredential,
): Promise<readonly StreamEvent[]> {
  const { keyId } = (await scope.state(gatewayRegistration, stream)).context;
  const ends = await endOf(scope, keyId, expected);
  return ends.map((data) => ({ stream, type: 'GatewaySessionClosed', data }));
}

/** The same of a PNE: the session that carries data, and the one that was agreed on and not shown yet. */
export async function endPneSessions(
  scope: Scope,
  stream: string,
  expected: ExpectedCredential,
): Promise<readonly StreamEvent[]> {
  const { session, agreedKeyId } = (await scope.state(registration, stream)).context;
  const ends = [
    ...(await endOf(scope, session?.keyId ?? null, expected)),
    ...(await endOf(scope, agreedKeyId, expected)),
  ];
  return ends.map((data) => ({ stream, type: 'SecureSessionClosed', data }));
}

type End = { readonly keyId: string; readonly reason: EndReason };

async function endOf(scope: Scope, keyId: string | null, expected: ExpectedCredential): Promise<readonly End[]> {
  if (keyId === null) return [];
  const standing = standingOf(expected, fromKeptChain(await scope.keys.get(chainKey(keyId))));
  if (standing.kind === 'stands') return [];
  for (const id of [sessionKey(keyId), chainKey(keyId), seenKey(keyId)]) scope.keys.drop(id);
  return [{ keyId, reason: standing.reason }];
}

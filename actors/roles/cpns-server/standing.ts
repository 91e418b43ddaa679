import { gatewayRegistration } from '../../../machines/cpns-server/gateway-registration.ts';
import { registration } from '../../../machines/cpns-server/registration.ts';
import { readChain, writeChain } from '../../../security/pki/chain.ts';
import type { CertificateRefusal } from '../../../security/pki/verify.ts';
import type { ExpectedCredential } from '../../../security/registration-handshake.ts';
import type { Scope, StreamEvent } from '../../loop/role.ts';
import { chainKey, seenKey, sessionKey } from '../../sessions/sealed-text.ts';

/**
 * A session outlives the moment at which somebody was authenticated. It goes on only while what was shown then would be
 * taken now: the server keeps the chain beside the keys of the session, and judges it again by the same function.
 */

/** Why a session ended that nobody closed. `withdrawn`: the operator took credential or authority away. */
export type EndReason = 'revoked' | 'expired' | 'withdrawn';

export type Standing =
  /** Until that moment if nothing is revoked: the first certificate of the path expires then. */
  { readonly kind: 'stands'; readonly untilMs: number } | { readonly kind: 'over'; readonly reason: EndReason };

type Chain = readonly Uint8Array[];

/** What is kept of the certificates that a session was agreed on with. */
export const keptChain = writeChain;

/** Null for what is no kept chain: the session was agreed on with a secret. */
export function fromKeptChain(bytes: Uint8Array | null): Chain | null {
  const read = bytes === null ? null : readChain(bytes);
  return read?.kind === 'read' ? read.chain : null;
}

/** @param chain null: shown was a secret */
export function standingOf(expected: ExpectedCredential, chain: Chain | null): Standing {
  if (expected.kind === 'psk' && chain === null) return { kind: 'stands', untilMs: Infinity };
  if (expected.kind !== 'pki' || chain === null) return { kind: 'over', reason: 'withdrawn' };
  const verdict = expected.verify(chain);
  if (verdict.kind === 'refused') return { kind: 'over', reason: endReason(verdict.reason) };
  return { kind: 'stands', untilMs: verdict.notAfterMs };
}

function endReason(refusal: CertificateRefusal): EndReason {
  return refusal === 'revoked' || refusal === 'expired' ? refusal : 'withdrawn';
}

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

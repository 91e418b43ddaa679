import { readChain, writeChain } from '../../security/pki/chain.ts';
import type { CertificateRefusal } from '../../security/pki/verify.ts';
import type { ExpectedCredential } from '../../security/registration-handshake.ts';

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

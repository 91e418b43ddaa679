import { SeededEntropy } from '../../seams/entropy.ts';
import { prologueOf } from '../../security/binding.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import { deviceNamed } from '../../security/pki/identity.ts';
import { issueAuthority, issueCertificate } from '../../security/pki/issue.ts';
import { newSigningKey } from '../../security/pki/keys.ts';
import { readTrustAnchor } from '../../security/pki/verify.ts';

/** A device, a server and an authority with fixed keys: what both contestants start from. */

const entropy = new SeededEntropy('bench security');
export const bytes = (length: number): Uint8Array => entropy.bytes(length);

export const DEVICE = deviceNamed('watch-anna');
export const prologue = prologueOf({
  protocolVersion: 1,
  pnId: 'pn-4f0c2a',
  gatewayId: 'gateway-hall',
  deviceId: DEVICE.id,
  requestId: 'r2x4kq7zj5m3w6n8p0s1t9v4y2',
});
export const psk = bytes(32);
export const own = keyPair(bytes(32));
export const server = keyPair(bytes(32));
/** The ephemeral secrets of either side. */
export const [e1, e2] = [bytes(32), bytes(32)] as const;

/** Within the period of the certificates. */
export const AT = Date.UTC(2026, 0, 1);
const period = { notBeforeMs: AT, notAfterMs: AT + 86_400_000 };
const key = newSigningKey(bytes);

export const anchor = anchorOf(issueAuthority({ name: 'operator', key, bytes, ...period }));
export const certificate = issueCertificate({
  issuer: { certificate: anchor, key },
  principal: DEVICE,
  publicKey: own.publicKey,
  bytes,
  ...period,
});

function anchorOf(der: Uint8Array) {
  const found = readTrustAnchor(der);
  if (found === null) throw new Error('The authority of the benchmark is no trust anchor.');
  return found;
}

import { systemEntropy } from '../../seams/entropy.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import { readCertificate } from '../../security/pki/certificate.ts';
import { CheckedChains } from '../../security/pki/checked-chains.ts';
import { deviceNamed } from '../../security/pki/identity.ts';
import { issueAuthority, issueCertificate, issueRevocationList } from '../../security/pki/issue.ts';
import { newSigningKey } from '../../security/pki/keys.ts';
import { readTrustAnchor } from '../../security/pki/verify.ts';
import { readRevocationList, type RevocationList } from '../../security/pki/revocation-list.ts';
import type { Credential, ExpectedCredential } from '../../security/registration-handshake.ts';

/** Who registers, and who pretends to: what the operator provisioned, and what an attacker makes for himself. */

export const bytes = (length: number): Uint8Array => systemEntropy.bytes(length);

export const PN = 'home';
export const GATEWAY = 'hub';
export const GATEWAY_SECRET = bytes(32);
/** Each has a part of its own, so that what is forged in the name of one does not stand in the way of another. */
export const DEVICES = ['with-secret', 'with-certificate', 'victim', 'certified-victim'] as const;

const DAY_MS = 86_400_000;
const period = { notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + DAY_MS };
const secrets = new Map(['with-secret', 'victim'].map((id) => [id, bytes(32)]));
const certified = new Map(['with-certificate', 'certified-victim'].map((id) => [id, keyPair(bytes(32))]));
const serverKey = keyPair(bytes(32));
const operator = authority('operator');
const impostor = authority('operator');
const checked = new CheckedChains([operator.certificate]);

/** An authority that signs itself; the second one takes the name of the first. */
function authority(name: string) {
  const key = newSigningKey(bytes);
  const certificate = readTrustAnchor(issueAuthority({ name, key, bytes, ...period }));
  if (certificate === null) throw new Error('The authority of the benchmark is no trust anchor.');
  return { certificate, key };
}

function certificateOf(deviceId: string, publicKey: Uint8Array, issuer = operator): Uint8Array {
  return issueCertificate({ issuer, principal: deviceNamed(deviceId), publicKey, bytes, ...period });
}

/** What the server knows. */
export function credentialOf(deviceId: string, at: number): ExpectedCredential {
  const psk = secrets.get(deviceId);
  if (psk !== undefined) return { kind: 'psk', psk };
  if (!certified.has(deviceId)) return { kind: 'none' };
  const principal = deviceNamed(deviceId);
  const verify = (chain: readonly Uint8Array[]) => checked.verify({ chain, revocation, principal, at });
  return { kind: 'pki', serverKey, verify };
}

/** What a device holds. */
export function genuine(deviceId: string): Credential {
  const psk = secrets.get(deviceId);
  if (psk !== undefined) return { kind: 'psk', psk };
  const staticKey = certified.get(deviceId);
  if (staticKey === undefined) throw new Error(`${deviceId} is no device of the benchmark.`);
  return certificates(staticKey, [certificateOf(deviceId, staticKey.publicKey)]);
}

export const wrongSecret: Credential = { kind: 'psk', psk: bytes(32) };

const stranger = keyPair(bytes(32));
const revokedDer = certificateOf('certified-victim', stranger.publicKey);
const expiredDer = issueCertificate({
  issuer: operator,
  principal: deviceNamed('certified-victim'),
  publicKey: stranger.publicKey,
  bytes,
  notBeforeMs: period.notBeforeMs - DAY_MS,
  notAfterMs: period.notBeforeMs,
});
const revocation = [revocationOf(revokedDer)];

function revocationOf(der: Uint8Array): RevocationList {
  const serial = readCertificate(der)?.serial ?? '';
  const times = { thisUpdateMs: period.notBeforeMs, nextUpdateMs: period.notAfterMs };
  const revoked = [{ serial, revokedAtMs: period.notBeforeMs }];
  const list = issueRevocationList({ issuer: operator, number: 1, revoked, ...times });
  const read = readRevocationList(list, operator.certificate);
  if (read.kind === 'refused') throw new Error(`The revocation list of the benchmark is ${read.reason}.`);
  return read.list;
}

const victimKey = certified.get('certified-victim')?.publicKey ?? bytes(32);
const { der: impostorDer } = impostor.certificate;

/** All know the public key of the server, and hold the key `stranger`. */
export const forgedChains = {
  garbage: certificates(stranger, [bytes(500)]),
  ofTheVictim: certificates(stranger, [certificateOf('certified-victim', victimKey)]),
  revoked: certificates(stranger, [revokedDer]),
  expired: certificates(stranger, [expiredDer]),
  ofAnotherDevice: certificates(stranger, [certificateOf('with-certificate', stranger.publicKey)]),
  ofAnImpostor: certificates(stranger, [
    certificateOf('certified-victim', stranger.publicKey, impostor),
    impostorDer,
    impostorDer,
  ]),
} as const;

function certificates(staticKey: ReturnType<typeof keyPair>, chain: readonly Uint8Array[]): Credential {
  return { kind: 'pki', staticKey, chain, serverPublicKey: serverKey.publicKey };
}

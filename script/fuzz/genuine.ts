/** A small world with fixed keys: one device with a secret, one with a certificate, their server, and all that they write. */
import { SeededEntropy } from '../../seams/entropy.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import { readCertificate } from '../../security/pki/certificate.ts';
import { deviceNamed } from '../../security/pki/identity.ts';
import { issueAuthority, issueCertificate, issueRevocationList } from '../../security/pki/issue.ts';
import { newSigningKey } from '../../security/pki/keys.ts';
import { readTrustAnchor, verifyCertificate, type CertificateVerdict } from '../../security/pki/verify.ts';
import {
  finishRegistration,
  readRegistration,
  startRegistration,
  type Binding,
  type Credential,
  type ExpectedCredential,
} from '../../security/registration-handshake.ts';

const seeded = new SeededEntropy('fuzz');
export const bytes = (length: number): Uint8Array => seeded.bytes(length);

const DAY_MS = 86_400_000;
export const NOW_MS = Date.UTC(2026, 5, 1);
const period = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs: NOW_MS + DAY_MS };

export const binding: Binding = {
  protocolVersion: 1,
  pnId: 'home',
  gatewayId: 'hub-hall',
  deviceId: 'hall-motion',
  requestId: 'request-1',
};

const key = newSigningKey(bytes);
export const authorityDer = issueAuthority({ name: 'operator', key, bytes, ...period });
const certificate = readTrustAnchor(authorityDer);
if (certificate === null) throw new Error('The authority of the fuzzed world is no trust anchor.');
export const authority = certificate;

const staticKey = keyPair(bytes(32));
export const serverKey = keyPair(bytes(32));
export const psk = bytes(32);
export const deviceDer = issueCertificate({
  issuer: { certificate, key },
  principal: deviceNamed(binding.deviceId),
  publicKey: staticKey.publicKey,
  bytes,
  ...period,
});
const serial = readCertificate(deviceDer)?.serial ?? '';
export const revocationListDer = issueRevocationList({
  issuer: { certificate, key },
  number: 1,
  revoked: [serial, '0badcafe', '01'].map((one) => ({ serial: one, revokedAtMs: NOW_MS })),
  thisUpdateMs: NOW_MS,
  nextUpdateMs: NOW_MS + DAY_MS,
});

export const verify = (chain: readonly Uint8Array[]): CertificateVerdict =>
  verifyCertificate({
    chain,
    trustAnchors: [authority],
    revocation: [],
    principal: deviceNamed(binding.deviceId),
    at: NOW_MS,
  });

export interface Pair {
  readonly device: Credential;
  readonly server: ExpectedCredential;
}

export const PAIRS: Readonly<Record<'psk' | 'pki', Pair>> = {
  psk: { device: { kind: 'psk', psk }, server: { kind: 'psk', psk } },
  pki: {
    device: { kind: 'pki', staticKey, chain: [deviceDer], serverPublicKey: serverKey.publicKey },
    server: { kind: 'pki', serverKey, verify },
  },
};

/** One registration as it should go: both messages, the device's state between them, and both ends of the session. */
export function registrationOf({ device, server }: Pair) {
  const payload = new TextEncoder().encode('{}');
  const { message, pending } = startRegistration({ credential: device, binding, payload, bytes });
  const read = readRegistration({ credential: server, binding, message, bytes });
  if (read.kind === 'failed') throw new Error(`The fuzzed world does not authenticate: ${read.reason}.`);
  const response = read.respond(new TextEncoder().encode('{"code":200,"cpnsId":"cpns-x"}'));
  const finished = finishRegistration({ pending, message: response.message });
  if (finished.kind === 'failed') throw new Error('The fuzzed world does not finish.');
  return {
    request: message,
    pending,
    answer: response.message,
    deviceSession: finished.session,
    serverSession: response.session,
  };
}

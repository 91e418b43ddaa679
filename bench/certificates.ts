import { systemEntropy } from '../seams/entropy.ts';
import { keyPair } from '../security/noise/x25519.ts';
import { CheckedChains } from '../security/pki/checked-chains.ts';
import { deviceNamed, type Principal } from '../security/pki/identity.ts';
import { issueAuthority, issueCertificate } from '../security/pki/issue.ts';
import { newSigningKey } from '../security/pki/keys.ts';
import { readTrustAnchor, verifyCertificate } from '../security/pki/verify.ts';

/**
 * What the certificate of a device costs the server: checked in full, and as one that was checked before. Rounds
 * of the two take turns; the best of each counts. The last line is JSON.
 */

const ROUNDS = 30;
const CALLS = 200;
const DEVICES = 100;
const DAY_MS = 86_400_000;

const bytes = (length: number): Uint8Array => systemEntropy.bytes(length);

interface Device {
  readonly principal: Principal;
  readonly chain: readonly Uint8Array[];
}

export async function run(): Promise<void> {
  const nowMs = Date.now();
  const period = { notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + DAY_MS };
  const key = newSigningKey(bytes);
  const certificate = readTrustAnchor(issueAuthority({ name: 'bench', key, bytes, ...period }));
  if (certificate === null) throw new Error('The authority of the benchmark is no trust anchor.');
  const issuer = { certificate, key };
  const devices = Array.from({ length: DEVICES }, (_, index): Device => {
    const principal = deviceNamed(`device-${index}`);
    const { publicKey } = keyPair(bytes(32));
    return { principal, chain: [issueCertificate({ issuer, principal, publicKey, bytes, ...period })] };
  });
  const trustAnchors = [certificate];
  const checked = new CheckedChains(trustAnchors);
  const rest = { revocation: [], at: nowMs };
  const contestants = {
    full: (device: Device) => verifyCertificate({ ...device, ...rest, trustAnchors }).kind,
    known: (device: Device) => checked.verify({ ...device, ...rest }).kind,
  };
  const bestUs = { full: Infinity, known: Infinity };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of ['full', 'known'] as const) {
      const us = time(devices, contestants[name]);
      // The first round warms up, the cache as well.
      if (round > 0) bestUs[name] = Math.min(bestUs[name], us);
    }
  }
  const ratio = bestUs.full / bestUs.known;
  process.stdout.write(
    `a certificate checked in full   ${bestUs.full.toFixed(1)} us\n` +
      `one that was checked before     ${bestUs.known.toFixed(1)} us\n` +
      `ratio                           ${ratio.toFixed(0)}\n`,
  );
  process.stdout.write(
    `${JSON.stringify({ bench: 'certificates', fullUs: bestUs.full, knownUs: bestUs.known, ratio })}\n`,
  );
}

/** Microseconds a call. */
function time(devices: readonly Device[], check: (device: Device) => string): number {
  const startMs = performance.now();
  for (let call = 0; call < CALLS; call++) {
    const device = devices[call % devices.length];
    if (device === undefined || check(device) !== 'valid') throw new Error('A genuine certificate was refused.');
  }
  return ((performance.now() - startMs) * 1_000) / CALLS;
}

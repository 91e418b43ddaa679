/**
 * What one registration costs in cryptography, beside the floor: the same primitive calls with nothing between them.
 * Prints one line of JSON last. Each figure is the best of several rounds, so that a busy machine disturbs it least.
 */
import { createPrivateKey, createPublicKey, diffieHellman, hash } from 'node:crypto';
import { counterNonce, open, seal } from '../security/aead.ts';
import type { Binding } from '../security/binding.ts';
import { startHandshake } from '../security/noise/handshake-state.ts';
import { PATTERNS } from '../security/noise/patterns.ts';
import { finishRegistration, readRegistration, startRegistration } from '../security/registration-handshake.ts';
import { systemEntropy } from '../actors/seams/entropy.ts';

const ROUNDS = 40;
const ROUND_MS = 40;

const bytes = (length: number): Uint8Array => systemEntropy.bytes(length);
const psk = bytes(32);
const credential = { kind: 'psk', psk } as const;
const payload = bytes(64);
const binding: Binding = {
  protocolVersion: 1,
  pnId: 'pn-4f0c2a',
  gatewayId: 'gateway-hall',
  deviceId: 'watch-anna',
  requestId: 'r2x4kq7zj5m3w6n8p0s1t9v4y2',
};

/** Microseconds a call, best round. */
function measure(call: () => void): number {
  let bestUs = Infinity;
  for (let round = 0; round <= ROUNDS; round++) {
    let calls = 0;
    const startMs = performance.now();
    let elapsedMs = 0;
    while (elapsedMs < ROUND_MS) {
      for (let i = 0; i < 20; i++) call();
      calls += 20;
      elapsedMs = performance.now() - startMs;
    }
    // The first round warms up.
    if (round > 0) bestUs = Math.min(bestUs, (elapsedMs * 1_000) / calls);
  }
  return bestUs;
}

function noiseHandshake(): void {
  const common = { pattern: PATTERNS.NNpsk0, prologue: payload, psk, bytes };
  const initiator = startHandshake({ ...common, role: 'initiator' });
  const responder = startHandshake({ ...common, role: 'responder' });
  responder.readMessage(initiator.writeMessage(payload));
  initiator.readMessage(responder.writeMessage(payload));
  initiator.split();
  responder.split();
}

const started = startRegistration({ credential, binding, payload, bytes });

function serverSide(): void {
  const read = readRegistration({ credential, binding, message: started.message, bytes });
  if (read.kind === 'failed') throw new Error('the request was refused');
  read.respond(payload);
}

function registration(): void {
  const { message, pending } = startRegistration({ credential, binding, payload, bytes });
  const read = readRegistration({ credential, binding, message, bytes });
  if (read.kind === 'failed') throw new Error('the request was refused');
  const finished = finishRegistration({ pending, message: read.respond(payload).message });
  if (finished.kind === 'failed') throw new Error('the answer was refused');
}

/**
 * One NNpsk0 handshake, both sides. A side hashes: name 1, prologue 1, psk 9, e 7, payload 1, e 7, ee 6, payload 1,
 * split 6; that is 39. The one-shot HMAC's input is about two blocks long.
 */
const HASHES = 78;
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PKCS8 = Buffer.concat([PKCS8_PREFIX, bytes(32)]).toString('base64');
const PRIVATE_PEM = `-----BEGIN PRIVATE KEY-----\n${PKCS8}\n-----END PRIVATE KEY-----\n`;
const HASH_INPUT = bytes(96);
const AEAD_KEY = bytes(32);
const SEALED = seal(AEAD_KEY, counterNonce(0), psk, payload);

function generateKey(): Uint8Array {
  return Buffer.from(createPublicKey(createPrivateKey(PRIVATE_PEM)).export({ format: 'jwk' }).x ?? '', 'base64url');
}

const OWN = createPrivateKey(PRIVATE_PEM);
const PUBLIC_PEM = createPublicKey(OWN).export({ format: 'pem', type: 'spki' });

function agree(): void {
  diffieHellman({ privateKey: OWN, publicKey: createPublicKey(PUBLIC_PEM) });
}

function primitives(): void {
  for (let side = 0; side < 2; side++) {
    generateKey();
    agree();
    seal(AEAD_KEY, counterNonce(0), psk, payload);
    open(AEAD_KEY, counterNonce(0), psk, SEALED);
  }
  for (let i = 0; i < HASHES; i++) Buffer.from(hash('sha256', HASH_INPUT, 'binary'), 'binary');
}

export async function run(): Promise<void> {
  const parts = {
    keyGeneration: measure(() => generateKey()),
    agreement: measure(agree),
    hash: measure(() => Buffer.from(hash('sha256', HASH_INPUT, 'binary'), 'binary')),
    seal: measure(() => seal(AEAD_KEY, counterNonce(0), psk, payload)),
  };
  const floorUs = measure(primitives);
  const noiseUs = measure(noiseHandshake);
  const serverUs = measure(serverSide);
  const registrationUs = measure(registration);
  for (const [name, us] of Object.entries(parts)) console.log(`${name.padEnd(34)} ${us.toFixed(2)} us`);
  console.log(`bare primitives of one handshake    ${floorUs.toFixed(0)} us`);
  console.log(`one handshake, both sides           ${noiseUs.toFixed(0)} us`);
  console.log(`server side of a registration       ${serverUs.toFixed(0)} us`);
  console.log(`registration, device restored       ${registrationUs.toFixed(0)} us`);
  const perSecond = (us: number): number => Math.round(1_000_000 / us);
  console.log(
    JSON.stringify({
      bench: 'handshake',
      handshakesPerSecond: perSecond(noiseUs),
      floorPerSecond: perSecond(floorUs),
      ratioToFloor: Number((noiseUs / floorUs).toFixed(2)),
      handshakeUs: Math.round(noiseUs),
      floorUs: Math.round(floorUs),
      serverSidesPerSecond: perSecond(serverUs),
      registrationsPerSecond: perSecond(registrationUs),
    }),
  );
}

if (import.meta.main) await run();

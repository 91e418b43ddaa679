#!/usr/bin/env node
// A device (PNE) in one file, with a NATS client and node:crypto and nothing else: registers through a PN GW with the CPNS
// Server and speaks over the secure session. Written from docs/wire.md and docs/security-bytes.md, where "step n" below is
// numbered, and from the Noise Protocol Framework, revision 34 (https://noiseprotocol.org/noise.html).
//
//   node examples/minimal-device.mjs --nats URL --gateway ID --pn ID --device ID --secret-file FILE [--pair]
//     [--nats-seed-file FILE] [--nats-ca FILE]
//
// --pair     for a stranger: pairs with the PN GW first (flow 1.4.2). A member of the PN leaves it out (flow 1.4.1).
// FILE       holds the device's secret: 32 bytes in base64url. The operator directory has it encrypted; in plain it is written by
//            cpns keys export --config operator/pnes/ID.yaml --out FILE
// --nats-seed-file  the nkey seed of the device, for a NATS server that is locked down (docs/nats.md); --nats-ca the
//            certificates to trust a tls:// server by.
// Exit code  0 registered, and the session is confirmed; 1 refused, or nobody answered; 2 wrong use.
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';

class Refused extends Error {}

// ---- The handshake, the initiator's side ----

const sha256 = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts)).digest();

/** Noise 4.3: HKDF(ck, material) is that of RFC 5869 with the chaining key as salt and no info. Three outputs. */
function hkdf(ck, material) {
  const out = Buffer.from(crypto.hkdfSync('sha256', material, ck, Buffer.alloc(0), 96));
  return [out.subarray(0, 32), out.subarray(32, 64), out.subarray(64)];
}

/** Noise 12.3: four zero bytes, then the counter in eight bytes, least significant first. */
function nonce(counter) {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64LE(BigInt(counter), 4);
  return bytes;
}

/** Noise 4.2, ENCRYPT: ChaCha20-Poly1305 (RFC 8439), the tag of 16 bytes behind the ciphertext. */
function seal(key, counter, ad, plaintext) {
  const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce(counter), { authTagLength: 16 });
  cipher.setAAD(ad, { plaintextLength: plaintext.length });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Noise 4.2, DECRYPT. Throws when one bit is not what the other side sealed. */
function open(key, counter, ad, sealed) {
  const decipher = crypto.createDecipheriv('chacha20-poly1305', key, nonce(counter), { authTagLength: 16 });
  decipher.setAAD(ad, { plaintextLength: sealed.length - 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

const rawPublic = (key) => Buffer.from(key.export({ format: 'jwk' }).x, 'base64url');
const publicKey = (raw) =>
  crypto.createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: raw.toString('base64url') }, format: 'jwk' });

/** docs/security-bytes.md, Prologue: what the registration is about; a gateway that alters any of it breaks the handshake. */
function prologue(...ids) {
  const fields = ids.map((id) => `\0\0\0${String.fromCharCode(id.length)}${id}`); // an id is 1 to 64 ASCII characters
  return Buffer.from(`CPNS registration\x01${fields.join('')}`);
}

/**
 * docs/security-bytes.md, Timestamp: later in every request than in the one before, or the answer is 401. Here the clock does
 * that. A device whose clock can step back also keeps the last one, and takes the larger of now and last + 1. A device without
 * a clock keeps a counter of its starts in flash and writes it into the first eight bytes, and counts its requests since the
 * start in the last four; it may change over to a clock one day, but not back.
 */
function timestamp(nowMs = Date.now()) {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(0x4000_0000_0000_000an + BigInt(Math.floor(nowMs / 1_000))); // TAI64 seconds
  bytes.writeUInt32BE((nowMs % 1_000) * 1_000_000, 8); // nanoseconds
  return bytes;
}

/** Steps 1 to 6: the first message, "psk, e" (Noise 9.4), and what reads the answer. */
function startHandshake(psk, bound) {
  const own = crypto.generateKeyPairSync('x25519');
  const e1 = rawPublic(own.publicKey);
  const name = sha256(Buffer.from('Noise_NNpsk0_25519_ChaChaPoly_SHA256')); // step 1; Noise 5.2: h = ck
  const [ck0, mixed] = hkdf(name, psk); // step 3; Noise 9.2, token psk: MixKeyAndHash
  const h0 = sha256(sha256(name, bound), mixed); // steps 2 and 3; Noise 5.3, Initialize: MixHash(prologue)
  const h1 = sha256(h0, e1); // step 4; token e: MixHash, and where there is a psk (Noise 9.2) also MixKey
  const [ck1, k1] = hkdf(ck0, e1);
  const c1 = seal(k1, 0, h1, timestamp()); // step 5; Noise 5.2, EncryptAndHash of the payload

  /** Steps 7 to 12: the second message, "e, ee". Throws when who answers does not hold the secret. */
  function finish(message) {
    const [e2, c2] = [message.subarray(0, 32), message.subarray(32)];
    const h2 = sha256(sha256(h1, c1), e2); // step 7, token e
    const shared = crypto.diffieHellman({ privateKey: own.privateKey, publicKey: publicKey(e2) });
    if (shared.equals(Buffer.alloc(32))) throw new Error('a public key of low order'); // Noise 12.1
    const [ck2, k2] = hkdf(hkdf(ck1, e2)[0], shared); // step 8, token ee
    const payload = open(k2, 0, h2, c2); // step 9
    const [sendKey, receiveKey] = hkdf(ck2, Buffer.alloc(0)); // step 11; Noise 5.2, Split
    const h = sha256(h2, c2); // Noise 11.2, channel binding
    const keyId = sha256(Buffer.from('CPNS key id'), h).subarray(0, 16).toString('base64url'); // step 12
    return { payload: JSON.parse(payload), session: { keyId, sendKey, receiveKey } };
  }
  return { message: Buffer.concat([e1, c1]), finish }; // step 6
}

/** docs/security-bytes.md, Session: what a frame is bound to. Direction 1 is from the device, 2 from the server. */
const frameData = (session, direction) =>
  Buffer.concat([Buffer.from('CPNS frame'), Buffer.of(direction), Buffer.from(session.keyId)]);

// ---- The wire: docs/wire.md ----

/** docs/wire.md, Retries: the same bytes again after 1, 2, 4, 8 and 16 seconds, and 32 more for the last answer. */
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 1_000;
/** docs/wire.md, Codes: after one of these the same question may get another answer later. */
const isTemporary = (code) => [202, 408, 409, 429, 480, 500, 503].includes(code);
const REASONS = `202 awaiting approval, 400 malformed, 401 authentication failed, 403 refused by policy, 404 no such PN,
  408 timed out, 409 inventory conflict, 410 PN released, 426 version not supported, 429 too many requests,
  480 PN not established, 500 internal error, 503 server unreachable`.split(/,\s+/);
const refusal = (code) => new Refused(REASONS.find((reason) => reason.startsWith(`${code} `)) ?? String(code));
/** An id: 1 to 64 of a-z, 0-9, _ and -. */
const newId = () => crypto.randomBytes(16).toString('hex');

/**
 * Sends one message until it is answered. `read` returns what is wanted of a good answer, or throws when it is not genuine:
 * then the true one may still come.
 */
async function ask({ nats, gateway, device, correlationId }, { type, messageId, body, answer, read }) {
  const answers = nats.subscribe(`cpns.link.${gateway}.down.${device}.*`);
  const payload = JSON.stringify({ v: 1, type, messageId, correlationId, inReplyTo: null, body });
  let timer = null;
  const send = (attempt) => {
    if (attempt > ATTEMPTS) return answers.unsubscribe();
    nats.publish(`cpns.link.${gateway}.up.${device}.${type}`, payload); // headers are for NATS tools; none is needed
    timer = setTimeout(send, FIRST_WAIT_MS * 2 ** (attempt - 1), attempt + 1);
  };
  send(1);
  try {
    for await (const { data } of answers) {
      try {
        const message = JSON.parse(new TextDecoder().decode(data));
        if (message.v !== 1 || message.inReplyTo !== messageId) continue;
        const { code = 200 } = message.body;
        // A notice is no outcome: a final code ends it, after a temporary one the next attempt asks again.
        if (code !== 200 && (message.type === answer || !isTemporary(code))) throw refusal(code);
        if (message.type === answer) return read(message.body);
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
    }
  } finally {
    clearTimeout(timer);
    answers.unsubscribe();
  }
  throw new Refused('408 timed out');
}

/** Flow 1.4.2, step 1: stands in for the pairing of the underlying network. */
function pair(line) {
  const read = () => undefined;
  return ask(line, { type: 'pairing-request', messageId: newId(), body: {}, answer: 'pairing-response', read });
}

/** Flow 1.4.1, steps 1 and 4; flow 1.4.2, steps 2 and 6. The messageId is the requestId of the prologue. */
function register(line, psk) {
  const { pn, gateway, device } = line;
  const messageId = newId();
  const { message, finish } = startHandshake(psk, prologue(pn, gateway, device, messageId));
  const body = { pnId: pn, handshake: message.toString('base64url') };
  const read = ({ handshake }) => finish(Buffer.from(handshake, 'base64url'));
  return ask(line, { type: 'registration-request', messageId, body, answer: 'registration-response', read });
}

/** The first sealed message each way, counter 0: both ends show that they hold the keys. */
function confirm(line, session) {
  const { keyId } = session;
  const question = Buffer.from(JSON.stringify({ type: 'session-confirm' }));
  const frame = seal(session.sendKey, 0, frameData(session, 1), question).toString('base64url');
  const read = (body) => {
    const sealed = Buffer.from(body.frame, 'base64url');
    if (JSON.parse(open(session.receiveKey, body.counter, frameData(session, 2), sealed)).type !== 'session-confirmed')
      throw new Error('not the confirmation');
  };
  const body = { pnId: line.pn, keyId, counter: 0, frame };
  return ask(line, { type: 'sealed', messageId: newId(), body, answer: 'sealed', read });
}

// ---- The program ----

const USAGE = `usage: minimal-device.mjs --nats URL --gateway ID --pn ID --device ID --secret-file FILE [--pair]
  [--nats-seed-file FILE] [--nats-ca FILE]`;

function settings() {
  const names = ['nats', 'gateway', 'pn', 'device', 'secret-file'];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  const more = { pair: { type: 'boolean' }, 'nats-seed-file': { type: 'string' }, 'nats-ca': { type: 'string' } };
  const { values } = parseArgs({ options: { ...options, ...more } });
  if (names.some((name) => values[name] === undefined)) throw new Error('an option is missing');
  const psk = Buffer.from(readFileSync(values['secret-file'], 'latin1').trim(), 'base64url');
  if (psk.length !== 32) throw new Error('the secret file does not hold 32 bytes in base64url');
  return { ...values, psk, access: access(values['nats-seed-file'], values['nats-ca']) };
}

/** Who it is to the NATS server, and by which authority it knows that server. The seed signs a nonce and never leaves. */
function access(seedFile, caFile) {
  const seed = seedFile === undefined ? null : readFileSync(seedFile, 'latin1').trim();
  if (seed !== null && !/^SU[A-Z2-7]{56}$/.test(seed))
    throw new Error('the seed file does not hold the nkey seed of a user');
  return {
    ...(seed === null ? {} : { authenticator: nkeyAuthenticator(Buffer.from(seed)) }),
    ...(caFile === undefined ? {} : { tls: { ca: readFileSync(caFile, 'utf8') } }),
  };
}

async function main({ nats: servers, gateway, pn, device, psk, access, pair: isStranger }) {
  const nats = await connect({ servers, name: device, maxReconnectAttempts: -1, ...access });
  const line = { nats, gateway, pn, device, correlationId: newId() };
  try {
    if (isStranger) await pair(line);
    const { payload, session } = await register(line, psk);
    console.log(`${payload.code} registered\nCPNS ID ${payload.cpnsId}\nkey id ${session.keyId}`);
    await confirm(line, session);
    console.log('session confirmed');
  } finally {
    await nats.close();
  }
}

let configured = false;
try {
  const given = settings();
  configured = true;
  await main(given);
} catch (error) {
  console.error(configured ? error.message : `${error.message}\n${USAGE}`);
  process.exitCode = configured ? 1 : 2;
}

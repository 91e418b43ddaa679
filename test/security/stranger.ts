/**
 * The registration handshake a second time, by a stranger who has docs/security-bytes.md, node:crypto and noble's cipher and
 * nothing of ours. No speed, no state machine: the steps as the document numbers them. For tests, as the oracle.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Binding } from '../../security/binding.ts';

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function hkdf(chainingKey: Uint8Array, material: Uint8Array): readonly [Buffer, Buffer, Buffer] {
  const temporary = createHmac('sha256', chainingKey).update(material).digest();
  const first = createHmac('sha256', temporary).update(Buffer.of(1)).digest();
  const second = createHmac('sha256', temporary).update(first).update(Buffer.of(2)).digest();
  return [first, second, createHmac('sha256', temporary).update(second).update(Buffer.of(3)).digest()];
}

const NONCE_ZERO = Buffer.alloc(12);

export function sealWith(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Opened twice, by `node:crypto` and by `@noble/ciphers`, which the product does not use for it. @throws where they differ, or it does not open */
export function openWith(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Buffer {
  const plaintext = openWithNode(key, nonce, associatedData, sealed);
  const cipher = chacha20poly1305(Uint8Array.from(key), Uint8Array.from(nonce), Uint8Array.from(associatedData));
  const again = cipher.decrypt(Uint8Array.from(sealed));
  if (!plaintext.equals(again)) throw new Error('node:crypto and noble open it to different bytes.');
  return plaintext;
}

function openWithNode(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  decipher.setAAD(associatedData, { plaintextLength: sealed.length - 16 });
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function privateKey(secret: Uint8Array) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function publicBytes(secret: Uint8Array): Buffer {
  return createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

function x25519(secret: Uint8Array, peer: Uint8Array): Buffer {
  const der = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), peer]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return diffieHellman({ privateKey: privateKey(secret), publicKey });
}

function prologue(binding: Binding): Buffer {
  const parts = [Buffer.from('CPNS registration', 'ascii'), Buffer.of(binding.protocolVersion)];
  for (const id of [binding.pnId, binding.gatewayId, binding.deviceId, binding.requestId]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(id));
    parts.push(length, Buffer.from(id, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Steps 1 to 4, the same on both sides: everything up to the first payload. */
function begin(psk: Uint8Array, binding: Binding, e: Uint8Array) {
  const name = sha256(Buffer.from('Noise_NNpsk0_25519_ChaChaPoly_SHA256', 'ascii'));
  const [ck1, mixed] = hkdf(name, psk);
  const h = sha256(sha256(sha256(name, prologue(binding)), mixed), e);
  const [ck, k] = hkdf(ck1, e);
  return { ck, h, k };
}

export function writeRequest(psk: Uint8Array, binding: Binding, payload: Uint8Array, secret: Uint8Array): Buffer {
  const e = publicBytes(secret);
  const { h, k } = begin(psk, binding, e);
  return Buffer.concat([e, sealWith(k, NONCE_ZERO, h, payload)]);
}

export interface StrangersRequest {
  readonly payload: Buffer;
  readonly ck: Buffer;
  readonly h: Buffer;
  readonly e: Uint8Array;
}

export function readRequest(psk: Uint8Array, binding: Binding, message: Uint8Array): StrangersRequest {
  const e = message.subarray(0, 32);
  const sealed = message.subarray(32);
  const { ck, h, k } = begin(psk, binding, e);
  return { payload: openWith(k, NONCE_ZERO, h, sealed), ck, h: sha256(h, sealed), e };
}

export function answerRequest(request: StrangersRequest, payload: Uint8Array, secret: Uint8Array) {
  const e = publicBytes(secret);
  const h = sha256(request.h, e);
  const [ck1] = hkdf(request.ck, e);
  const [ck2, k] = hkdf(ck1, x25519(secret, request.e));
  const sealed = sealWith(k, NONCE_ZERO, h, payload);
  const last = sha256(h, sealed);
  const [initiatorKey, responderKey, dataRoot] = hkdf(ck2, Buffer.alloc(0));
  const keyId = sha256(Buffer.from('CPNS key id', 'ascii'), last).subarray(0, 16).toString('base64url');
  return { message: Buffer.concat([e, sealed]), initiatorKey, responderKey, dataRoot, keyId };
}

const DIRECTIONS = { up: 1, down: 2 } as const;
const expand = (key: Uint8Array, ...info: readonly (string | Uint8Array)[]): Buffer => {
  const hmac = createHmac('sha256', key);
  for (const part of info) hmac.update(part);
  return hmac.update(Buffer.of(1)).digest();
};

/** The key of the data frames of one epoch. */
export function strangersFrameKey(dataRoot: Uint8Array, direction: 'up' | 'down', epoch: number): Buffer {
  let chain = expand(dataRoot, 'CPNS data chain', Buffer.of(DIRECTIONS[direction]));
  for (let at = 0; at < epoch; at++) chain = expand(chain, 'CPNS data next');
  return expand(chain, 'CPNS data frame');
}

export interface StrangersHeader {
  readonly direction: 'up' | 'down';
  readonly keyId: string;
  readonly epoch: number;
  readonly counter: number;
  readonly serviceId: string | null;
}

/** Nonce and associated data of a data frame. */
export function strangersBinding({ direction, keyId, epoch, counter, serviceId }: StrangersHeader) {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(BigInt(counter), 4);
  const number = Buffer.alloc(4);
  number.writeUInt32BE(epoch);
  const head = [Buffer.from('CPNS data'), Buffer.of(DIRECTIONS[direction]), Buffer.from(keyId), number];
  return { nonce, data: Buffer.concat([...head, Buffer.from(serviceId ?? '')]) };
}

/** A chunk of a message, in the clear. */
export function strangersChunk(messageNumber: bigint, index: number, count: number, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt8(1, 0);
  head.writeBigUInt64BE(messageNumber, 1);
  head.writeUInt16BE(index, 9);
  head.writeUInt16BE(count, 11);
  return Buffer.concat([head, bytes]);
}

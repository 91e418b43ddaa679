import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import createNoise, { type NoiseC } from 'noise-c.wasm';
import { beforeAll, describe, expect, test } from 'vitest';
import { SeededEntropy } from '../../seams/entropy.ts';
import { counterNonce, seal } from '../../security/aead.ts';
import { exportState, restoreState } from '../../security/noise/handshake-bytes.ts';
import { startHandshake, type HandshakeState } from '../../security/noise/handshake-state.ts';
import { PATTERNS } from '../../security/noise/patterns.ts';
import { keyPair } from '../../security/noise/x25519.ts';

const entropy = new SeededEntropy('noise-ik');
const bytes = (length: number): Uint8Array => entropy.bytes(length);
const toHex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const toBytes = (value: Uint8Array): Uint8Array => Uint8Array.from(value);

const device = keyPair(bytes(32));
const server = keyPair(bytes(32));
const prologue = new TextEncoder().encode('prologue');
const name = PATTERNS.IK.protocolName;

function ours(role: 'initiator' | 'responder'): HandshakeState {
  const common = { pattern: PATTERNS.IK, role, prologue, bytes };
  if (role === 'responder') return startHandshake({ ...common, staticKey: server });
  return startHandshake({ ...common, staticKey: device, remoteStatic: server.publicKey });
}

function payloadOf(state: HandshakeState, message: Uint8Array): string {
  const outcome = state.readMessage(message);
  return outcome.kind === 'read' ? toHex(outcome.payload) : outcome.reason;
}

describe('the IK pattern, ours against noise-c', () => {
  let noiseC: NoiseC;
  beforeAll(async () => {
    const wasmBinary = readFileSync(createRequire(import.meta.url).resolve('noise-c.wasm/src/noise-c.wasm'));
    noiseC = await new Promise<NoiseC>((resolve) => {
      // The library object is itself no promise, but wrapping it keeps `resolve` from looking for one.
      createNoise({ wasmBinary }, (loaded) => resolve({ ...loaded }));
    });
  });

  test('as initiator', () => {
    const property = fc.property(fc.uint8Array(), fc.uint8Array(), (request, answer) => {
      const initiator = ours('initiator');
      const responder = noiseC.HandshakeState(name, noiseC.constants.NOISE_ROLE_RESPONDER);
      responder.Initialize(prologue, server.secret, null, null);
      expect(toHex(responder.ReadMessage(initiator.writeMessage(request), true))).toBe(toHex(request));
      expect(payloadOf(initiator, toBytes(responder.WriteMessage(answer)))).toBe(toHex(answer));
      const keys = initiator.split();
      expect(toHex(responder.GetHandshakeHash())).toBe(toHex(keys.handshakeHash));
      const [send, receive] = responder.Split();
      const sealed = seal(keys.initiatorKey, counterNonce(0), prologue, request);
      expect(toHex(receive.DecryptWithAd(prologue, sealed))).toBe(toHex(request));
      const theirs = toHex(send.EncryptWithAd(prologue, answer));
      expect(toHex(seal(keys.responderKey, counterNonce(0), prologue, answer))).toBe(theirs);
      send.free();
      receive.free();
    });
    fc.assert(property, { numRuns: 30 });
  });

  test('as responder, and learns whose key it was', () => {
    const property = fc.property(fc.uint8Array(), fc.uint8Array(), (request, answer) => {
      const responder = ours('responder');
      const initiator = noiseC.HandshakeState(name, noiseC.constants.NOISE_ROLE_INITIATOR);
      initiator.Initialize(prologue, device.secret, server.publicKey, null);
      expect(payloadOf(responder, toBytes(initiator.WriteMessage(request)))).toBe(toHex(request));
      expect(responder.keys.rs).toEqual(device.publicKey);
      expect(toHex(initiator.ReadMessage(responder.writeMessage(answer), true))).toBe(toHex(answer));
      expect(toHex(initiator.GetHandshakeHash())).toBe(toHex(responder.split().handshakeHash));
      for (const cipher of initiator.Split()) cipher.free();
    });
    fc.assert(property, { numRuns: 30 });
  });
});

describe('the IK pattern, ours against ours', () => {
  test('agrees after the initiator was exported and restored between request and answer', () => {
    const [initiator, responder] = [ours('initiator'), ours('responder')];
    responder.readMessage(initiator.writeMessage(prologue));
    const restored = restoreState(exportState(initiator), bytes);
    if (restored === null) throw new Error('not restored');
    expect(payloadOf(restored, responder.writeMessage(prologue))).toBe(toHex(prologue));
    expect(restored.split()).toEqual(responder.split());
  });

  test('refuses a changed first message, whatever bit', () => {
    const message = ours('initiator').writeMessage(prologue);
    for (let bit = 0; bit < message.length * 8; bit += 5) {
      const changed = message.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(ours('responder').readMessage(changed).kind).toBe('failed');
    }
  });

  test('refuses an ephemeral of low order (RFC 7748 section 6.1)', () => {
    const message = ours('initiator').writeMessage(prologue);
    // The order-1, -2, -4 and -8 points of the curve and its twist, from the X25519 implementers' list.
    const lowOrder = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ];
    for (const point of lowOrder) {
      const forged = Uint8Array.from(message);
      forged.set(Buffer.from(point, 'hex'));
      expect(ours('responder').readMessage(forged)).toEqual({ kind: 'failed', reason: 'malformed' });
    }
  });

  test('is not to be driven out of turn, nor on after a failure', () => {
    expect(() => ours('responder').writeMessage(prologue)).toThrow(/cannot write message 0/);
    expect(() => ours('initiator').split()).toThrow(/not finished/);
    const responder = ours('responder');
    expect(responder.readMessage(new Uint8Array(200)).kind).toBe('failed');
    expect(() => responder.readMessage(new Uint8Array(200))).toThrow(/cannot read message 0/);
  });
});

describe('an exported state', () => {
  const exported = exportState(ours('initiator'));

  test('exports to the same bytes once restored', () => {
    const restored = restoreState(exported, bytes);
    expect(restored === null ? null : exportState(restored)).toEqual(exported);
  });

  test('of another length, format, pattern or role is not restored', () => {
    expect(restoreState(exported.slice(1), bytes)).toBeNull();
    expect(restoreState(Uint8Array.of(...exported, 0), bytes)).toBeNull();
    for (const [offset, value] of [
      [0, 2],
      [1, 9],
      [2, 3],
      [3, 3],
      [4, 0xff],
    ] as const) {
      expect(restoreState(exported.with(offset, value), bytes)).toBeNull();
    }
    fc.assert(fc.property(fc.uint8Array(), (any) => restoreState(any, bytes) === null));
  });
});

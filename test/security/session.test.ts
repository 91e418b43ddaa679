import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  openFrame,
  sealFrame,
  sessionFromBytes,
  sessionOf,
  sessionToBytes,
  type Session,
} from '../../security/session.ts';
import { openWith } from './stranger.ts';

const keys = {
  initiatorKey: new Uint8Array(32).fill(1),
  responderKey: new Uint8Array(32).fill(2),
  handshakeHash: new Uint8Array(32).fill(3),
  dataRoot: new Uint8Array(32).fill(4),
};
const device = sessionOf('initiator', keys);
const server = sessionOf('responder', keys);
const NOTHING = new Uint8Array(0);
const bytes = () => fc.uint8Array({ maxLength: 300 });
const counters = () => fc.bigInt({ min: 0n, max: 2n ** 64n - 2n });

/** The layout, spelt out from docs/security-bytes.md. */
function nonceAndData(session: Session, direction: number, counter: bigint, associatedData: Uint8Array) {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(counter, 4);
  const label = Buffer.from('CPNS frame', 'ascii');
  const data = Buffer.concat([label, Buffer.of(direction), Buffer.from(session.keyId, 'ascii'), associatedData]);
  return { nonce, data };
}

describe('a frame', () => {
  test('opens on the other side, and with node:crypto and with noble as the document says', () => {
    const property = fc.property(bytes(), bytes(), counters(), (plaintext, associatedData, counter) => {
      for (const [sender, receiver, direction] of [
        [device, server, 1],
        [server, device, 2],
      ] as const) {
        const frame = sealFrame(sender, counter, plaintext, associatedData);
        expect(openFrame(receiver, counter, frame, associatedData)).toEqual(plaintext);
        const { nonce, data } = nonceAndData(sender, direction, counter, associatedData);
        expect(new Uint8Array(openWith(sender.sendKey, nonce, data, frame))).toEqual(plaintext);
        expect(chacha20poly1305(sender.sendKey, nonce, data).decrypt(frame)).toEqual(plaintext);
      }
    });
    fc.assert(property, { numRuns: 50 });
  });

  test('does not open when a bit of it is flipped, or it is cut or extended', () => {
    const frame = sealFrame(device, 5, new Uint8Array(20), NOTHING);
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = frame.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(openFrame(server, 5, flipped, NOTHING)).toBeNull();
    }
    for (let length = 0; length < frame.length; length++) {
      expect(openFrame(server, 5, frame.slice(0, length), NOTHING)).toBeNull();
    }
    expect(openFrame(server, 5, Uint8Array.of(...frame, 0), NOTHING)).toBeNull();
  });

  test('does not open under another counter, associated data, session or direction', () => {
    const frame = sealFrame(device, 5, NOTHING, NOTHING);
    expect(openFrame(server, 6, frame, NOTHING)).toBeNull();
    expect(openFrame(server, 5, frame, Uint8Array.of(0))).toBeNull();
    expect(openFrame({ ...server, keyId: 'A'.repeat(22) }, 5, frame, NOTHING)).toBeNull();
    expect(openFrame(device, 5, frame, NOTHING)).toBeNull();
    // Even with equal keys both ways, a frame does not come back as the other side's.
    expect(openFrame({ ...device, receiveKey: device.sendKey }, 5, frame, NOTHING)).toBeNull();
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n - 1n])('counter %s is no counter', (counter) => {
    expect(() => sealFrame(device, counter, NOTHING, NOTHING)).toThrow(/not in 0..2\^64-2/);
    expect(openFrame(server, counter, new Uint8Array(16), NOTHING)).toBeNull();
  });
});

describe('a session as bytes', () => {
  test('comes back as it was', () => {
    expect(sessionFromBytes(sessionToBytes(device))).toEqual(device);
    expect(sessionFromBytes(sessionToBytes(server))).toEqual(server);
  });

  test('is null for other bytes', () => {
    const stored = sessionToBytes(device);
    expect(sessionFromBytes(stored.slice(1))).toBeNull();
    expect(sessionFromBytes(stored.with(0, 1))).toBeNull();
    expect(sessionFromBytes(stored.with(1, 0))).toBeNull();
    expect(sessionFromBytes(stored.with(2, 0x20))).toBeNull();
  });
});

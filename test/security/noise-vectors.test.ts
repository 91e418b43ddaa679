import { describe, expect, test } from 'vitest';
import { counterNonce, open, seal } from '../../security/aead.ts';
import { startHandshake, type HandshakeState } from '../../security/noise/handshake-state.ts';
import { PATTERNS } from '../../security/noise/patterns.ts';
import { keyPair } from '../../security/noise/x25519.ts';
import document from './vectors/noise.json' with { type: 'json' };

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const EMPTY = new Uint8Array(0);

function sides(vector: (typeof document.vectors)[number]): readonly [HandshakeState, HandshakeState] {
  const pattern = Object.values(PATTERNS).find((row) => row.protocolName === vector.protocolName);
  if (pattern === undefined) throw new Error(`no pattern named ${vector.protocolName}`);
  const common = {
    pattern,
    prologue: hex(vector.prologue),
    ...(vector.psk === undefined ? {} : { psk: hex(vector.psk) }),
  };
  const { initiatorStatic, responderStatic, responderStaticPublic } = vector;
  return [
    startHandshake({
      ...common,
      role: 'initiator',
      bytes: () => hex(vector.initiatorEphemeral),
      ...(initiatorStatic === undefined ? {} : { staticKey: keyPair(hex(initiatorStatic)) }),
      ...(responderStaticPublic === undefined ? {} : { remoteStatic: hex(responderStaticPublic) }),
    }),
    startHandshake({
      ...common,
      role: 'responder',
      bytes: () => hex(vector.responderEphemeral),
      ...(responderStatic === undefined ? {} : { staticKey: keyPair(hex(responderStatic)) }),
    }),
  ];
}

describe.each(document.vectors)('the cacophony vector of $protocolName', (vector) => {
  test('gives the same messages, hash of the first message and transport frames', () => {
    const [initiator, responder] = sides(vector);
    vector.messages.slice(0, 2).forEach(({ payload, ciphertext }, index) => {
      const [writer, reader] = index === 0 ? [initiator, responder] : [responder, initiator];
      const message = writer.writeMessage(hex(payload));
      expect(toHex(message)).toBe(ciphertext);
      expect(reader.readMessage(message)).toEqual({ kind: 'read', payload: hex(payload) });
      expect(reader.symmetric.handshakeHash).toEqual(writer.symmetric.handshakeHash);
      if (index === 0) expect(toHex(writer.symmetric.handshakeHash)).toBe(vector.hashAfterFirstMessage);
    });
    const keys = initiator.split();
    expect(responder.split()).toEqual(keys);
    vector.messages.slice(2).forEach(({ payload, ciphertext }, index) => {
      const key = index % 2 === 0 ? keys.initiatorKey : keys.responderKey;
      const nonce = counterNonce(Math.floor(index / 2));
      expect(toHex(seal(key, nonce, EMPTY, hex(payload)))).toBe(ciphertext);
      expect(open(key, nonce, EMPTY, hex(ciphertext))).toEqual(hex(payload));
    });
  });
});

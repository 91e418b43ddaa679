import { createSecretKey } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concat, utf8 } from '../../security/bytes.ts';
import { openFrame, sealFrame, sessionOf } from '../../security/session.ts';
import { bytes } from './device.ts';
import type { Pair } from './pair.ts';
import { openBare, sealBare } from './recording.ts';

const SIZES = [
  { name: '64 B', sizeBytes: 64 },
  { name: '1 KiB', sizeBytes: 1_024 },
  { name: '64 KiB', sizeBytes: 65_536 },
] as const;
const SUBJECT = utf8('cpns.wan.up.gateway-hall.registration-request');
const COUNTER = 2n ** 40n + 7n;

/** Frames of a session sealed and opened, beside node's cipher and beside noble's, each under the same nonce and data. */
export function frames(): readonly Pair[] {
  const keys = { initiatorKey: bytes(32), responderKey: bytes(32), dataRoot: bytes(32), handshakeHash: bytes(32) };
  const [sender, receiver] = [sessionOf('initiator', keys), sessionOf('responder', keys)];
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(COUNTER, 4);
  const data = concat(utf8('CPNS frame'), Uint8Array.of(1), utf8(sender.keyId), SUBJECT);
  const key = createSecretKey(keys.initiatorKey);
  return SIZES.flatMap(({ name, sizeBytes }) => {
    const plaintext = bytes(sizeBytes);
    const frame = sealFrame(sender, COUNTER, plaintext, SUBJECT);
    const seal = (): readonly Uint8Array[] => [sealFrame(sender, COUNTER, plaintext, SUBJECT)];
    const open = (): readonly Uint8Array[] => [openFrame(receiver, COUNTER, frame, SUBJECT) ?? new Uint8Array(0)];
    const noble = () => chacha20poly1305(keys.initiatorKey, nonce, data);
    return [
      { name: `seal ${name}, node`, ours: seal, floor: () => [sealBare(key, nonce, data, plaintext)] },
      { name: `seal ${name}, noble`, ours: seal, floor: () => [noble().encrypt(plaintext)] },
      { name: `open ${name}, node`, ours: open, floor: () => [openBare(key, nonce, data, frame)] },
      { name: `open ${name}, noble`, ours: open, floor: () => [noble().decrypt(frame)] },
    ];
  });
}

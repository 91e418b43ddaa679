import { createSecretKey, type KeyObject } from 'node:crypto';
import { concat, utf8 } from '../../security/bytes.ts';
import { openFrame, sealFrame, sessionOf } from '../../security/session.ts';
import { bytes } from './device.ts';
import type { Pair } from './pair.ts';
import { openBare, sealBare } from './recording.ts';

export const SIZES = [
  { name: '64 B', sizeBytes: 64 },
  { name: '1 KiB', sizeBytes: 1_024 },
  { name: '64 KiB', sizeBytes: 65_536 },
] as const;

const SUBJECT = utf8('cpns.wan.up.gateway-hall.registration-request');
const COUNTER = 2n ** 40n + 7n;

/** The nonce of Noise, section 12.3. */
export function nonceOf(counter: bigint): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(counter, 4);
  return nonce;
}

/** What PN GW and CPNS Server say to each other, sealed and opened in their session. */
export function frames(): readonly Pair[] {
  const keys = {
    initiatorKey: bytes(32),
    responderKey: bytes(32),
    dataRoot: bytes(32),
    handshakeHash: bytes(32),
  };
  const [sender, receiver] = [sessionOf('initiator', keys), sessionOf('responder', keys)];
  const nonce = nonceOf(COUNTER);
  const data = concat(utf8('CPNS frame'), Uint8Array.of(1), utf8(sender.keyId), SUBJECT);
  const key: KeyObject = createSecretKey(keys.initiatorKey);
  return SIZES.flatMap(({ name, sizeBytes }) => {
    const plaintext = bytes(sizeBytes);
    const frame = sealFrame(sender, COUNTER, plaintext, SUBJECT);
    return [
      {
        name: `WAN frame ${name}, seal`,
        ours: () => [sealFrame(sender, COUNTER, plaintext, SUBJECT)],
        floor: () => [sealBare(key, nonce, data, plaintext)],
      },
      {
        name: `WAN frame ${name}, open`,
        ours: () => [openFrame(receiver, COUNTER, frame, SUBJECT) ?? new Uint8Array(0)],
        floor: () => [openBare(key, nonce, data, frame)],
      },
    ];
  });
}

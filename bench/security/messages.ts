import { createSecretKey, KeyObject } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concat, uint32, utf8 } from '../../security/bytes.ts';
import {
  encodeContent,
  MAX_CHUNK_BYTES,
  openData,
  sealData,
  type DataContent,
  type DataHeader,
} from '../../security/data-frame.ts';
import { claimEpoch, firstChain, type Epoch } from '../../security/epochs.ts';
import { bytes } from './device.ts';
import { nonceOf, SIZES } from './frames.ts';
import type { Pair } from './pair.ts';
import { openBare, sealBare } from './recording.ts';

/** A chunk of a message with its header, and the same for bare calls. */
interface Part {
  readonly header: DataHeader;
  readonly content: DataContent;
  readonly nonce: Uint8Array;
  readonly data: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly frame: Uint8Array;
}

const KEY_ID = 'the-session-of-a-bench';
const SERVICE = 'echo';
const FIRST_COUNTER = 1_000;
/** Of a chunk, before the bytes of the application. */
const HEAD_BYTES = 13;

/** Messages of applications, sealed and opened in the session of a PNE; 64 KiB are three frames. Floors: node's and noble's. */
export function messages(): readonly Pair[] {
  const epoch = claimEpoch(firstChain(bytes(32), 'up'), 0)?.claimed;
  if (epoch === undefined || !(epoch.frameKey instanceof KeyObject)) throw new Error('The benchmark has no epoch.');
  const raw = epoch.frameKey.export();
  const key = createSecretKey(raw);
  const noble = ({ nonce, data }: Part) => chacha20poly1305(new Uint8Array(raw), nonce, data);
  return SIZES.flatMap(({ name, sizeBytes }) => {
    const parts = partsOf(bytes(sizeBytes), epoch);
    const seal = () => parts.map(({ header, content }) => sealData(epoch, header, content));
    const open = () => parts.map(({ header, frame }) => chunkOf(openData(epoch, header, frame)));
    return [
      {
        name: `message ${name}, seal`,
        ours: seal,
        floor: () => parts.map(({ nonce, data, plaintext }) => sealBare(key, nonce, data, plaintext)),
      },
      {
        name: `message ${name}, open`,
        ours: open,
        floor: () => parts.map(({ nonce, data, frame }) => openBare(key, nonce, data, frame).subarray(HEAD_BYTES)),
      },
      {
        name: `message ${name}, seal (noble)`,
        ours: seal,
        floor: () => parts.map((part) => noble(part).encrypt(part.plaintext)),
      },
      {
        name: `message ${name}, open (noble)`,
        ours: open,
        floor: () => parts.map((part) => noble(part).decrypt(part.frame).subarray(HEAD_BYTES)),
      },
    ];
  });
}

function partsOf(message: Uint8Array, epoch: Epoch): readonly Part[] {
  const count = Math.ceil(message.length / MAX_CHUNK_BYTES);
  return Array.from({ length: count }, (_, index): Part => {
    const counter = FIRST_COUNTER + index;
    const header = { direction: 'up', keyId: KEY_ID, epoch: epoch.epoch, counter, serviceId: SERVICE } as const;
    const chunk = message.subarray(index * MAX_CHUNK_BYTES, (index + 1) * MAX_CHUNK_BYTES);
    const content = { kind: 'chunk', messageNumber: BigInt(FIRST_COUNTER), index, count, bytes: chunk } as const;
    return {
      header,
      content,
      nonce: nonceOf(BigInt(counter)),
      data: concat(utf8('CPNS data'), Uint8Array.of(1), utf8(KEY_ID), uint32(epoch.epoch), utf8(SERVICE)),
      plaintext: encodeContent(content),
      frame: sealData(epoch, header, content),
    };
  });
}

function chunkOf(content: DataContent | null): Uint8Array {
  if (content?.kind !== 'chunk') throw new Error('A frame of the benchmark does not open.');
  return content.bytes;
}

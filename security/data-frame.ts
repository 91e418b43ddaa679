/**
 * A data frame: what carries application data in a secure session, and what the two ends say about it. Sealed with
 * ChaCha20-Poly1305 under the key of its epoch; docs/security-bytes.md says it byte by byte.
 */
import { counterNonce, open, sealInPlace, TAG_BYTES } from './aead.ts';
import { concat, uint32 } from './bytes.ts';
import { MAX_EPOCH, type Direction, type Epoch } from './epochs.ts';
import { MAX_COUNTER } from './replay-window.ts';

/** In the clear beside the frame, and bound to it. */
export interface DataHeader {
  readonly direction: Direction;
  readonly keyId: string;
  readonly epoch: number;
  /** Counts the frames of the epoch, 0 to 2^40 - 1; used once. */
  readonly counter: number;
  /** Service that a message is for or from; null where the two ends speak about their session. */
  readonly serviceId: string | null;
}

export type DataContent =
  /** One of `count` parts of a message. Its number is that of the frame of its first part: never used twice. */
  | {
      readonly kind: 'chunk';
      readonly messageNumber: bigint;
      readonly index: number;
      readonly count: number;
      readonly bytes: Uint8Array;
    }
  /** What became of a chunk, or of a `hello` (number of its frame, index 0): a response code. */
  | { readonly kind: 'ack'; readonly messageNumber: bigint; readonly index: number; readonly code: number }
  /** The least epoch that the receiver takes. */
  | { readonly kind: 'rekey'; readonly epoch: number }
  /** Asks whether the receiver still holds this epoch. */
  | { readonly kind: 'hello' };

/** A frame holds at most 32 KiB, so that sealed a second time, on the WAN, it fits in a message of 64 KiB. */
const MAX_PLAINTEXT_BYTES = 32_768;
const CHUNK_HEAD_BYTES = 13;
export const MAX_CHUNK_BYTES = MAX_PLAINTEXT_BYTES - CHUNK_HEAD_BYTES;

/** What a frame of a chunk is longer than its bytes. */
export const CHUNK_OVERHEAD_BYTES = CHUNK_HEAD_BYTES + TAG_BYTES;

/** Bytes of the application in a frame with a service id, as whoever cannot open it counts them. */
export const chunkBytes = (frameBytes: number): number => Math.max(0, frameBytes - CHUNK_OVERHEAD_BYTES);

/** The label and the byte of the direction, as in `epochs.ts`. */
const LABELS = { up: 'CPNS data\x01', down: 'CPNS data\x02' } as const;
const KIND = { chunk: 1, ack: 2, rekey: 3, hello: 4 } as const;
const ACK_BYTES = 13;
const REKEY_BYTES = 5;

/** Ciphertext and tag. The caller never uses a counter twice in an epoch. */
export function sealData(epoch: Epoch, header: DataHeader, content: DataContent): Uint8Array {
  const room = encodeContent(content, TAG_BYTES);
  return sealInPlace(epoch.frameKey, counterNonce(header.counter), bound(header), room);
}

/** Null for whatever the other end did not seal under this very header, or what is no content. */
export function openData(epoch: Epoch, header: DataHeader, frame: Uint8Array): DataContent | null {
  if (!Number.isSafeInteger(header.counter) || header.counter < 0 || header.counter > MAX_COUNTER) return null;
  const plaintext = open(epoch.frameKey, counterNonce(header.counter), bound(header), frame);
  return plaintext === null ? null : decodeContent(plaintext);
}

/**
 * The service id stands last: whatever it is, no other header gives the same bytes. Made of one text (a key id is ASCII, an
 * epoch is written over the zeros behind it): 0.1 us, where putting five parts together takes 0.6 of the 5 of a short frame.
 */
function bound({ direction, keyId, epoch, serviceId }: DataHeader): Uint8Array {
  const whole = Buffer.from(`${LABELS[direction]}${keyId}\0\0\0\0${serviceId ?? ''}`);
  whole.writeUInt32BE(epoch, LABELS[direction].length + keyId.length);
  return whole;
}

/**
 * Bytes to be sealed and forgotten: they may lie in a Buffer, whose `slice` is a view.
 * @param roomBytes that are left free behind it
 */
export function encodeContent(content: DataContent, roomBytes = 0): Uint8Array {
  switch (content.kind) {
    case 'chunk': {
      const { messageNumber, index, count, bytes } = content;
      const whole = Buffer.allocUnsafe(CHUNK_HEAD_BYTES + bytes.length + roomBytes);
      whole[0] = KIND.chunk;
      whole.writeBigUInt64BE(messageNumber, 1);
      whole.writeUInt16BE(index, 9);
      whole.writeUInt16BE(count, 11);
      whole.set(bytes, CHUNK_HEAD_BYTES);
      return whole;
    }
    case 'ack': {
      const whole = new Uint8Array(ACK_BYTES + roomBytes);
      const view = new DataView(whole.buffer);
      whole[0] = KIND.ack;
      view.setBigUint64(1, content.messageNumber);
      view.setUint16(9, content.index);
      view.setUint16(11, content.code);
      return whole;
    }
    case 'rekey':
      return concat(Uint8Array.of(KIND.rekey), uint32(content.epoch), new Uint8Array(roomBytes));
    case 'hello':
      return concat(Uint8Array.of(KIND.hello), new Uint8Array(roomBytes));
  }
}

/** Null for bytes that `encodeContent` does not write. */
export function decodeContent(bytes: Uint8Array): DataContent | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (bytes[0]) {
    case KIND.chunk: {
      if (bytes.length < CHUNK_HEAD_BYTES || bytes.length > MAX_PLAINTEXT_BYTES) return null;
      const [messageNumber, index, count] = [view.getBigUint64(1), view.getUint16(9), view.getUint16(11)];
      if (index >= count) return null;
      return { kind: 'chunk', messageNumber, index, count, bytes: bytes.subarray(CHUNK_HEAD_BYTES) };
    }
    case KIND.ack:
      if (bytes.length !== ACK_BYTES) return null;
      return { kind: 'ack', messageNumber: view.getBigUint64(1), index: view.getUint16(9), code: view.getUint16(11) };
    case KIND.rekey:
      if (bytes.length !== REKEY_BYTES || view.getUint32(1) > MAX_EPOCH) return null;
      return { kind: 'rekey', epoch: view.getUint32(1) };
    case KIND.hello:
      return bytes.length === 1 ? { kind: 'hello' } : null;
    default:
      return null;
  }
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chunkBytes,
  decodeContent,
  encodeContent,
  MAX_CHUNK_BYTES,
  openData,
  sealData,
  type DataContent,
  type DataHeader,
} from '../../security/data-frame.ts';
import { claimEpoch, firstChain, MAX_EPOCH, type Epoch } from '../../security/epochs.ts';
import { openWith, sealWith, strangersBinding, strangersChunk, strangersFrameKey } from './stranger.ts';

const dataRoot = new Uint8Array(32).fill(7);
const keyId = 'k'.repeat(22);

function epochOf(direction: 'up' | 'down', epoch: number): Epoch {
  const claimed = claimEpoch(firstChain(dataRoot, direction), epoch);
  if (claimed === null) throw new Error('no such epoch');
  return claimed.claimed;
}

const header = fc.record({
  direction: fc.constantFrom('up' as const, 'down' as const),
  keyId: fc.constant(keyId),
  epoch: fc.nat(5),
  counter: fc.oneof(fc.nat(1_000), fc.constantFrom(2 ** 40 - 1, 2 ** 32)),
  serviceId: fc.option(fc.stringMatching(/^[a-z0-9_-]{1,64}$/)),
});
const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint16 = fc.nat(65_535);
const content: fc.Arbitrary<DataContent> = fc.oneof(
  fc
    .tuple(number, uint16, fc.integer({ min: 1, max: 65_535 }), fc.uint8Array({ maxLength: 300 }))
    .map(([messageNumber, index, count, bytes]) => ({
      kind: 'chunk' as const,
      messageNumber,
      index: index % count,
      count,
      bytes,
    })),
  fc.record({ kind: fc.constant('ack' as const), messageNumber: number, index: uint16, code: uint16 }),
  fc.record({ kind: fc.constant('rekey' as const), epoch: fc.nat(MAX_EPOCH) }),
  fc.constant({ kind: 'hello' as const }),
);

describe('a data frame', () => {
  test('opens at the other end as what was sealed', () => {
    fc.assert(
      fc.property(header, content, (head, said) => {
        const epoch = epochOf(head.direction, head.epoch);
        expect(openData(epoch, head, sealData(epoch, head, said))).toEqual(said);
      }),
    );
  });

  test('opens with node:crypto and with noble as the document says, and what node:crypto seals opens here', () => {
    fc.assert(
      fc.property(header, number, fc.uint8Array({ maxLength: 300 }), (head, messageNumber, bytes) => {
        const said = { kind: 'chunk', messageNumber, index: 1, count: 3, bytes } as const;
        const key = strangersFrameKey(dataRoot, head.direction, head.epoch);
        const { nonce, data } = strangersBinding(head);
        const epoch = epochOf(head.direction, head.epoch);
        const plaintext = strangersChunk(messageNumber, 1, 3, bytes);
        expect(openWith(key, nonce, data, sealData(epoch, head, said))).toEqual(plaintext);
        expect(openData(epoch, head, sealWith(key, nonce, data, plaintext))).toEqual(said);
      }),
    );
  });

  test('does not open under another direction, key id, epoch, counter or service', () => {
    const head: DataHeader = { direction: 'up', keyId, epoch: 2, counter: 9, serviceId: 'echo' };
    const epoch = epochOf('up', 2);
    const frame = sealData(epoch, head, { kind: 'hello' });
    const others: readonly Partial<DataHeader>[] = [
      { direction: 'down' },
      { keyId: 'l'.repeat(22) },
      { epoch: 3 },
      { counter: 10 },
      { counter: -1 },
      { counter: 2 ** 40 },
      { counter: 1.5 },
      { serviceId: null },
      { serviceId: 'ech' },
      { serviceId: 'echoo' },
    ];
    for (const other of others) expect(openData(epoch, { ...head, ...other }, frame), JSON.stringify(other)).toBeNull();
    for (const other of [epochOf('up', 1), epochOf('up', 3), epochOf('down', 2)]) {
      expect(openData(other, head, frame)).toBeNull();
    }
    expect(openData(epoch, head, frame)).toEqual({ kind: 'hello' });
  });

  test('is longer than the bytes of the application by what whoever counts it takes off', () => {
    const head: DataHeader = { direction: 'up', keyId, epoch: 0, counter: 0, serviceId: 'echo' };
    for (const length of [0, 1, 100, MAX_CHUNK_BYTES]) {
      const said = { kind: 'chunk', messageNumber: 0n, index: 0, count: 1, bytes: new Uint8Array(length) } as const;
      const frame = sealData(epochOf('up', 0), head, said);
      expect(chunkBytes(frame.length)).toBe(length);
      // As much as a message on the link takes, in base64url.
      expect(Math.ceil((frame.length * 4) / 3)).toBeLessThanOrEqual(43_712);
    }
  });
});

describe('the content of a data frame', () => {
  test('is refused unless it is exactly as it is written', () => {
    const good = [
      encodeContent({ kind: 'chunk', messageNumber: 1n, index: 0, count: 1, bytes: new Uint8Array(0) }),
      encodeContent({ kind: 'ack', messageNumber: 1n, index: 0, code: 200 }),
      encodeContent({ kind: 'rekey', epoch: 1 }),
      encodeContent({ kind: 'hello' }),
    ];
    for (const bytes of good) {
      expect(decodeContent(bytes)).not.toBeNull();
      expect(decodeContent(bytes.subarray(0, -1))).toBeNull();
      expect(decodeContent(bytes.with(0, 9))).toBeNull();
    }
    for (const bytes of good.slice(1)) expect(decodeContent(Buffer.concat([bytes, Buffer.of(0)]))).toBeNull();
    const [chunk = new Uint8Array(0)] = good;
    expect(decodeContent(chunk.with(10, 1)), 'index over the count').toBeNull();
    expect(decodeContent(new Uint8Array(40_000).fill(1)), 'too long').toBeNull();
    expect(decodeContent(Uint8Array.of(3, 1, 0, 0, 0)), 'epoch over the last').toBeNull();
  });
});

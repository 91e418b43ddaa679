import { describe, expect, test } from 'vitest';
import { MAX_CHUNKS, MAX_PARTIAL_BYTES, MAX_PARTIALS, PARTIAL_MS } from '../../../../actors/sessions/data/limits.ts';
import { PartialBudget, Reassembly, type Chunk } from '../../../../actors/sessions/data/reassembly.ts';
import { SimulatedClock } from '../../../../seams/clock.ts';
import { MAX_CHUNK_BYTES } from '../../../../security/data-frame.ts';
import { MAX_APPLICATION_BYTES } from '../../../../messages/limits.ts';

const chunk = (messageNumber: bigint, index: number, count: number, length = 1): Chunk => ({
  kind: 'chunk',
  messageNumber,
  index,
  count,
  bytes: new Uint8Array(length).fill(index),
});
const KEPT = { kind: 'kept' };
const refused = (code: number) => ({ kind: 'refused', code });

function setUp() {
  const clock = new SimulatedClock();
  const budget = new PartialBudget();
  return { clock, budget, parts: new Reassembly(clock, budget) };
}

describe('a message in chunks', () => {
  test('is whole with its last one, in the order of their indices', () => {
    const { parts } = setUp();
    expect([2, 0].map((index) => parts.add('echo', chunk(7n, index, 3)))).toEqual([KEPT, KEPT]);
    expect(parts.add('echo', chunk(7n, 1, 3))).toEqual({ kind: 'whole', bytes: Buffer.of(0, 1, 2) });
    expect(parts.isEmpty).toBe(true);
  });

  test('of which a chunk comes twice, of another count, or for another service, is given up', () => {
    for (const [service, second] of [
      ['echo', chunk(7n, 0, 3)],
      ['echo', chunk(7n, 1, 4)],
      ['pay', chunk(7n, 1, 3)],
    ] as const) {
      const { parts } = setUp();
      parts.add('echo', chunk(7n, 0, 3));
      expect(parts.add(service, second)).toEqual(refused(400));
      expect(parts.isEmpty).toBe(true);
    }
  });

  test('is refused when it has more chunks, or more bytes, than the largest', () => {
    const { parts } = setUp();
    expect(parts.add('echo', chunk(7n, 0, MAX_CHUNKS + 1))).toEqual(refused(400));
    const outcomes = Array.from({ length: MAX_CHUNKS }, (_, index) =>
      parts.add('echo', chunk(7n, index, MAX_CHUNKS, MAX_CHUNK_BYTES)),
    );
    expect(MAX_CHUNKS * MAX_CHUNK_BYTES).toBeGreaterThan(MAX_APPLICATION_BYTES);
    expect(outcomes.at(-1)).toEqual(refused(400));
    expect(parts.isEmpty).toBe(true);
  });

  test('is forgotten when the next one does not come', () => {
    const { clock, parts } = setUp();
    parts.add('echo', chunk(7n, 0, 3));
    clock.advance(PARTIAL_MS - 1);
    parts.add('echo', chunk(7n, 1, 3));
    clock.advance(PARTIAL_MS - 1);
    expect(parts.isEmpty).toBe(false);
    clock.advance(1);
    expect(parts.isEmpty).toBe(true);
    expect(parts.add('echo', chunk(7n, 2, 3))).toEqual(KEPT);
  });
});

describe('messages in chunks', () => {
  test('are bounded for one session', () => {
    const { parts } = setUp();
    for (let message = 0; message < MAX_PARTIALS; message++) {
      expect(parts.add('echo', chunk(BigInt(message), 0, 2))).toEqual(KEPT);
    }
    expect(parts.add('echo', chunk(99n, 0, 2))).toEqual(refused(429));
    expect(parts.add('echo', chunk(0n, 1, 2)).kind).toBe('whole');
    expect(parts.add('echo', chunk(99n, 0, 2))).toEqual(KEPT);
  });

  test('are bounded in bytes for the process, and give their room back', () => {
    const { clock, budget } = setUp();
    const most = Math.floor(MAX_PARTIAL_BYTES / MAX_CHUNK_BYTES);
    const sessions = Array.from({ length: Math.ceil((most + 1) / MAX_PARTIALS) }, () => new Reassembly(clock, budget));
    const outcomes = Array.from({ length: most + 1 }, (_, index) =>
      sessions[Math.floor(index / MAX_PARTIALS)]?.add('echo', chunk(BigInt(index), 0, 2, MAX_CHUNK_BYTES)),
    );
    expect(outcomes.slice(0, -1).every((outcome) => outcome?.kind === 'kept')).toBe(true);
    expect(outcomes.at(-1)).toEqual(refused(429));
    for (const parts of sessions) parts.end();
    expect(budget.take(MAX_PARTIAL_BYTES)).toBe(true);
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { FRESH_MS, FreshnessWindow, MAX_REMEMBERED_IDS } from '../../security/freshness-window.ts';

const START = 1_767_225_600_000;
const id = (number: number): Uint8Array => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};

let window = new FreshnessWindow(START);
beforeEach(() => {
  window = new FreshnessWindow(START);
});

describe('a message', () => {
  test('is fresh once', () => {
    expect(window.judge(id(1), START, START)).toBe('fresh');
    expect(window.judge(id(1), START, START + 5)).toBe('repeated');
    expect(window.judge(id(2), START, START + 5)).toBe('fresh');
  });

  test('from before the start of the receiver is untimely', () => {
    expect(window.judge(id(1), START - 1, START)).toBe('untimely');
  });

  test.each([
    [FRESH_MS, 'fresh'],
    [FRESH_MS + 1, 'untimely'],
    [-FRESH_MS, 'fresh'],
    [-FRESH_MS - 1, 'untimely'],
  ])('that is %d ms old is %s', (ageMs, verdict) => {
    const now = START + 10 * FRESH_MS;
    expect(window.judge(id(1), now - ageMs, now)).toBe(verdict);
  });

  test.each([-FRESH_MS, 0, FRESH_MS])('that came %d ms old is never fresh again, whenever it is repeated', (ageMs) => {
    const now = START + 10 * FRESH_MS;
    expect(window.judge(id(1), now - ageMs, now)).toBe('fresh');
    for (let later = 0; later <= 4 * FRESH_MS; later += 1_000) {
      // Others come meanwhile, so that what can be forgotten is.
      expect(window.judge(id(later + 2), now + later, now + later)).toBe('fresh');
      expect(['repeated', 'untimely']).toContain(window.judge(id(1), now - ageMs, now + later));
    }
  });

  test('is not fresh again because a clock is set back', () => {
    const now = START + 10 * FRESH_MS;
    expect(window.judge(id(1), now, now)).toBe('fresh');
    expect(window.judge(id(2), now + 3 * FRESH_MS, now + 3 * FRESH_MS)).toBe('fresh');
    expect(window.judge(id(1), now, now)).toBe('untimely');
  });
});

test('over the limit a message is refused, until the oldest can be forgotten', () => {
  for (let each = 0; each < MAX_REMEMBERED_IDS; each++) expect(window.judge(id(each), START, START)).toBe('fresh');
  expect(window.judge(id(MAX_REMEMBERED_IDS), START, START)).toBe('full');
  expect(window.judge(id(0), START, START)).toBe('repeated');
  const later = START + 2 * FRESH_MS + 1;
  expect(window.judge(id(MAX_REMEMBERED_IDS), later, later)).toBe('fresh');
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameCounter, MAX_COUNTER, MAX_START, ReplayWindow, WINDOW_FRAMES } from '../../security/replay-window.ts';

const at = (counter: number, start = 1) => ({ start, counter });

function take(window: ReplayWindow, counter: number, start = 1): boolean {
  const fresh = window.isNew(at(counter, start));
  if (fresh) window.accept(at(counter, start));
  return fresh;
}

describe('the replay window', () => {
  it('takes each frame once, in any order within the window', () => {
    const window = new ReplayWindow();
    expect([5, 3, 5, 4, 3, 0, 6, 0].map((counter) => take(window, counter))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('refuses what is older than the window', () => {
    const window = new ReplayWindow();
    expect(take(window, WINDOW_FRAMES * 3)).toBe(true);
    expect(take(window, WINDOW_FRAMES * 2)).toBe(false);
    expect(take(window, WINDOW_FRAMES * 2 + 33)).toBe(true);
  });

  it('starts anew when the sender does, and refuses its earlier starts', () => {
    const window = new ReplayWindow();
    expect(take(window, 900, 1)).toBe(true);
    expect(take(window, 0, 2)).toBe(true);
    expect(take(window, 901, 1)).toBe(false);
    expect(take(window, 0, 2)).toBe(false);
    expect(take(window, 1, 2)).toBe(true);
  });

  it('goes on after a restart of the receiver behind what was written down', () => {
    const window = new ReplayWindow({ start: 4, counter: 100 });
    expect(take(window, 100, 4)).toBe(false);
    expect(take(window, 12, 4)).toBe(false);
    expect(take(window, 103, 4)).toBe(true);
    expect(take(window, 101, 4)).toBe(true);
    expect(window.highest).toEqual({ start: 4, counter: 103 });
  });

  it('does not move for a frame that was only asked about', () => {
    const window = new ReplayWindow();
    expect(window.isNew(at(1_000_000))).toBe(true);
    expect(take(window, 0)).toBe(true);
  });

  it('never takes a frame twice and never refuses a new one that is recent enough, against a plain set', () => {
    const step = fc.record({ start: fc.integer({ min: 0, max: 3 }), jump: fc.integer({ min: -300, max: 3_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const window = new ReplayWindow();
        const seen = new Set<string>();
        let newest = { start: -1, counter: 0 };
        for (const { start, jump } of steps) {
          const base = start === newest.start ? newest.counter : 0;
          const counter = Math.max(0, base + jump);
          const key = `${start}/${counter}`;
          const fresh = take(window, counter, start);
          if (seen.has(key) || start < newest.start) expect(fresh).toBe(false);
          else if (start > newest.start || counter > newest.counter - WINDOW_FRAMES + 32) expect(fresh).toBe(true);
          if (!fresh) continue;
          seen.add(key);
          if (start > newest.start || counter > newest.counter) newest = { start, counter };
        }
      }),
      { numRuns: 300 },
    );
  });

  it('counts a frame in 64 bits, the start above the counter', () => {
    expect(frameCounter({ start: 1, counter: 0 })).toBe(1_099_511_627_776n);
    expect(frameCounter({ start: MAX_START, counter: MAX_COUNTER })).toBe(2n ** 64n - 1n);
  });
});

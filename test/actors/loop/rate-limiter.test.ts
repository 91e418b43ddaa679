import { describe, expect, it, test } from 'vitest';
import { MAX_BUCKETS } from '../../../actors/loop/limits.ts';
import { RateLimiter, type Charge } from '../../../actors/loop/rate-limiter.ts';
import { SimulatedClock } from '../../../seams/clock.ts';

const charge = (bucket: string, burst: number): Charge => ({
  bucket,
  limit: { burst, perSecond: 1 },
  stream: `stream/${bucket}`,
  from: bucket,
});
const device = charge('device', 2);
const gateway = charge('gateway', 3);

describe('a message that is charged to two senders', () => {
  it('is refused in the name of the one that has no token left', () => {
    const limiter = new RateLimiter(new SimulatedClock());
    expect(limiter.overdrawn([device, gateway])).toBe(null);
    expect(limiter.overdrawn([device, gateway])).toBe(null);
    expect(limiter.overdrawn([device, gateway])).toMatchObject({ charge: device });
  });

  it('costs the other one nothing when it is refused', () => {
    const limiter = new RateLimiter(new SimulatedClock());
    for (let i = 0; i < 100; i++) limiter.overdrawn([device, gateway]);
    expect(limiter.overdrawn([charge('neighbour', 2), gateway])).toBe(null);
    expect(limiter.overdrawn([charge('neighbour', 2), gateway])).toMatchObject({ charge: gateway });
  });

  it('is taken again once time has passed', () => {
    const clock = new SimulatedClock();
    const limiter = new RateLimiter(clock);
    for (let i = 0; i < 3; i++) limiter.overdrawn([device]);
    clock.advance(999);
    expect(limiter.overdrawn([device])).toMatchObject({ charge: device });
    clock.advance(1);
    expect(limiter.overdrawn([device])).toBe(null);
  });
});

test('who sends too many is told so once a second, each sender for itself', () => {
  const clock = new SimulatedClock();
  const limiter = new RateLimiter(clock);
  const silent = { ...device, limit: { burst: 1, perSecond: 0.001 } };
  const tell = (charge: Charge) => limiter.overdrawn([charge])?.tell;
  expect([tell(silent), tell(silent), tell(silent)]).toEqual([undefined, 'now', 'told']);
  const other = { ...silent, bucket: 'other' };
  expect([tell(other), tell(other)]).toEqual([undefined, 'now']);
  clock.advance(999);
  expect(tell(silent)).toBe('told');
  clock.advance(1);
  expect(tell(silent)).toBe('now');
});

describe('however many senders there are', () => {
  it('so many buckets are kept, and those that are in use are not forgotten', () => {
    const limiter = new RateLimiter(new SimulatedClock());
    const busy = charge('busy', MAX_BUCKETS);
    const emptied = charge('emptied', 1);
    limiter.overdrawn([emptied]);
    for (let i = 0; i < MAX_BUCKETS + 10; i++) limiter.overdrawn([charge(`made-up-${i}`, 1), busy]);
    expect(limiter.size).toBe(MAX_BUCKETS);
    expect(limiter.overdrawn([busy])).toMatchObject({ charge: busy });
    expect(limiter.overdrawn([emptied])).toBe(null);
  });

  it('nothing is kept of a message that is charged to nobody', () => {
    const limiter = new RateLimiter(new SimulatedClock());
    expect(limiter.overdrawn([])).toBe(null);
    expect(limiter.size).toBe(0);
  });
});

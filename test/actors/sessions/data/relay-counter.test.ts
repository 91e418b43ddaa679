import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Meter } from '../../../../actors/sessions/data/meter.ts';
import { RelayCounter } from '../../../../actors/sessions/data/relay-counter.ts';
import { DEFAULT_USAGE_SETTINGS, type RelayedFrame } from '../../../../actors/sessions/data/usage.ts';
import { SimulatedClock } from '../../../../seams/clock.ts';
import { RecordedLog } from '../../../../seams/log.ts';
import { MAX_SUMS } from '../../../../events/fields.ts';

const frame = (epoch: number, counter: number, change: Partial<RelayedFrame> = {}): RelayedFrame => ({
  pnId: 'home',
  deviceId: 'lamp',
  keyId: 'key-1-----------------',
  serviceId: 'echo',
  direction: 'up',
  bytes: 10,
  epoch,
  counter,
  ...change,
});

function counting() {
  let messages = 0;
  const meter = new Meter({
    clock: new SimulatedClock(0),
    log: new RecordedLog(),
    settings: DEFAULT_USAGE_SETTINGS,
    record: async (_, events) => {
      for (const sum of events.flat()) messages += sum.messages;
      return 'taken';
    },
  });
  const counter = new RelayCounter(meter, ['home']);
  const total = async (): Promise<number> => {
    await meter.stop();
    return messages;
  };
  return { counter, total };
}

describe('a PN GW counts a frame that it relays', () => {
  test('once, however often it comes', async () => {
    const { counter, total } = counting();
    for (const number of [0, 1, 0, 2, 1, 2, 0]) expect(counter.relayed(frame(0, number))).toBe('relay');
    expect(await total()).toBe(3);
  });

  test('by its session and direction', async () => {
    const { counter, total } = counting();
    const changes = [{}, { direction: 'down' as const }, { keyId: 'key-2-----------------' }, { deviceId: 'tag' }];
    for (const change of [...changes, ...changes]) counter.relayed(frame(0, 0, change));
    expect(await total()).toBe(4);
  });

  test('also when it comes late, after the keys have changed', async () => {
    const { counter, total } = counting();
    for (const [epoch, number] of [
      [1, 0],
      [0, 7],
      [1, 1],
      [0, 7],
      [0, 6],
      [1, 0],
    ] as const) {
      counter.relayed(frame(epoch, number));
    }
    expect(await total()).toBe(4);
  });

  test('but not of an epoch that is long over: no receiver takes it', async () => {
    const { counter, total } = counting();
    for (const epoch of [0, 1, 2]) counter.relayed(frame(epoch, 0));
    expect(counter.relayed(frame(0, 5))).toBe('relay');
    expect(await total()).toBe(3);
  });
});

describe('a PN GW does not relay', () => {
  test('for a PN that is not its own', async () => {
    const { counter, total } = counting();
    expect(counter.relayed(frame(0, 0, { pnId: 'elsewhere' }))).toBe('drop');
    expect(await total()).toBe(0);
  });

  test('what it cannot count: a device that makes services up is held up, another one is not', async () => {
    const { counter, total } = counting();
    for (let i = 0; i < MAX_SUMS; i++) expect(counter.relayed(frame(0, i, { serviceId: `s${i}` }))).toBe('relay');
    expect(counter.relayed(frame(0, 100, { serviceId: 'one-more' }))).toBe('drop');
    expect(counter.relayed(frame(0, 0, { deviceId: 'tag' }))).toBe('relay');
    expect(await total()).toBe(MAX_SUMS + 1);
  });
});

test('whoever makes up sessions makes the PN GW forget only its own', async () => {
  const { counter, total } = counting();
  counter.relayed(frame(0, 0));
  for (let i = 0; i < 40; i++) {
    counter.relayed(frame(0, 0, { deviceId: 'spy', keyId: `key-${i}`.padEnd(22, '-') }));
  }
  counter.relayed(frame(0, 0));
  expect(await total()).toBe(41);
});

test('the count is that of the distinct frames, in whatever order and however often they come', async () => {
  const number = fc.record({ epoch: fc.nat(1), counter: fc.nat(40) });
  const property = fc.asyncProperty(fc.array(number, { maxLength: 120 }), async (numbers) => {
    const { counter, total } = counting();
    for (const { epoch, counter: at } of numbers) counter.relayed(frame(epoch, at));
    expect(await total()).toBe(new Set(numbers.map(({ epoch, counter: at }) => `${epoch}/${at}`)).size);
  });
  await fc.assert(property, { numRuns: 100 });
});

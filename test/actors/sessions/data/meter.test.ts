import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_METERED, MAX_WAITING_SUMS, Meter } from '../../../../actors/sessions/data/meter.ts';
import type { Pne, Usage } from '../../../../actors/sessions/data/usage.ts';
import { SimulatedClock } from '../../../../seams/clock.ts';
import { RecordedLog } from '../../../../seams/log.ts';
import { MAX_SUMS, type UsageSum } from '../../../../events/fields.ts';
import { JournalError } from '../../../../journal/port.ts';

const KEYS = ['key-1-----------------', 'key-2-----------------'] as const;
const settings = { intervalMs: 60_000, maxMessages: 100, maxBytes: 1_000 };
const of = (change: Partial<Usage> = {}): Usage => ({
  pnId: 'home',
  deviceId: 'lamp',
  keyId: KEYS[0],
  serviceId: 'echo',
  direction: 'up',
  bytes: 10,
  ...change,
});

type Answer = 'taken' | 'refused' | Error;

function metered(answer: () => Answer = () => 'taken') {
  const [clock, log] = [new SimulatedClock(0), new RecordedLog()];
  const recorded: { readonly pne: Pne; readonly usage: readonly UsageSum[] }[] = [];
  const record = async (pne: Pne, events: readonly UsageSum[][]) => {
    const is = answer();
    if (is instanceof Error) throw is;
    if (is === 'taken') recorded.push(...events.map((usage) => ({ pne, usage })));
    return is;
  };
  return { meter: new Meter({ clock, log, settings, record }), clock, log, recorded };
}

/** Lets what was recorded be answered. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a meter', () => {
  test('records nothing before the interval is over, and then one sum for each session, service and direction', () => {
    const { meter, clock, recorded } = metered();
    meter.count(of());
    clock.advance(10_000);
    for (const more of [{}, { direction: 'down' as const }, { keyId: KEYS[1] }, { serviceId: 'alarm' }]) {
      meter.count(of({ ...more, bytes: 7 }));
    }
    clock.advance(49_999);
    expect(recorded).toEqual([]);
    clock.advance(1);
    const one = { keyId: KEYS[0], serviceId: 'echo', direction: 'up', messages: 1, bytes: 7, from: 10_000, to: 10_000 };
    expect(recorded).toEqual([
      {
        pne: { pnId: 'home', deviceId: 'lamp' },
        usage: [
          { ...one, messages: 2, bytes: 17, from: 0 },
          { ...one, direction: 'down' },
          { ...one, keyId: KEYS[1] },
          { ...one, serviceId: 'alarm' },
        ],
      },
    ]);
    clock.advance(600_000);
    expect(recorded).toHaveLength(1);
  });

  test.each([
    ['messages', 100, 1],
    ['bytes', 2, 500],
  ])('records at once at a volume of %s', (_, count, bytes) => {
    const { meter, recorded } = metered();
    for (let i = 1; i < count; i++) meter.count(of({ bytes }));
    expect(recorded).toEqual([]);
    meter.count(of({ bytes }));
    expect(recorded).toHaveLength(1);
  });

  test('records one PNE when a session of it ends, and every one when it is stopped', async () => {
    const { meter, clock, recorded } = metered();
    meter.count(of());
    meter.count(of({ deviceId: 'tag' }));
    meter.flush({ pnId: 'home', deviceId: 'tag' });
    expect(recorded.map(({ pne }) => pne.deviceId)).toEqual(['tag']);
    await meter.stop();
    expect(recorded.map(({ pne }) => pne.deviceId)).toEqual(['tag', 'lamp']);
    expect(clock.nextDue()).toBeNull();
  });

  test.each(['refused', new Error('the disk is full')] as const)(
    'keeps what is %s for the next interval',
    async (is) => {
      let answer: Answer = is;
      const { meter, clock, log, recorded } = metered(() => answer);
      meter.count(of());
      clock.advance(60_000);
      await settled();
      expect(meter.hasRoom(of())).toBe(false);
      for (let i = 0; i < 500; i++) meter.count(of());
      expect(recorded).toEqual([]);
      expect(log.lines.map(({ message }) => message)).toEqual(['usage not recorded yet']);
      answer = 'taken';
      clock.advance(60_000);
      await settled();
      expect(recorded.map(({ usage }) => usage[0]?.messages)).toEqual([501]);
      expect(meter.hasRoom(of())).toBe(true);
    },
  );

  test('does not record again what may be recorded: it would be charged twice', async () => {
    const { meter, clock, log, recorded } = metered(() => new JournalError('failed', 'The disk did not say.', ''));
    meter.count(of());
    clock.advance(120_000);
    await settled();
    await meter.stop();
    expect(recorded).toEqual([]);
    expect(log.lines).toMatchObject([
      { message: 'usage lost', fields: { messages: 1, reason: 'The disk did not say.' } },
    ]);
  });

  test('says how much is lost when it cannot be recorded at the end', async () => {
    const { meter, log } = metered(() => 'refused');
    meter.count(of());
    meter.count(of({ direction: 'down' }));
    await meter.stop();
    expect(log.lines).toMatchObject([
      { level: 'error', message: 'usage lost', fields: { pnId: 'home', deviceId: 'lamp', messages: 2 } },
    ]);
  });

  test('has no room for more kinds of usage than one event holds; one that is counted all the same makes an event', () => {
    const { meter, recorded } = metered();
    for (let i = 0; i < MAX_SUMS; i++) meter.count(of({ serviceId: `s${i}` }));
    expect([meter.hasRoom(of({ serviceId: 's0' })), meter.hasRoom(of())]).toEqual([true, false]);
    meter.count(of());
    expect(recorded.map(({ usage }) => usage.length)).toEqual([MAX_SUMS]);
  });

  test('writes no event with more sums than it may hold, however many have waited, and loses only what is beyond that', async () => {
    let answer: Answer = 'refused';
    const { meter, log, recorded } = metered(() => answer);
    meter.count(of());
    meter.flush(of());
    await settled();
    for (let i = 1; i <= MAX_WAITING_SUMS; i++) meter.count(of({ serviceId: `s${i}` }));
    expect(log.lines.map(({ message, fields }) => [message, fields['messages']])).toEqual([
      ['usage not recorded yet', 1],
      ['usage lost', 1],
    ]);
    answer = 'taken';
    await meter.stop();
    expect(recorded.map(({ usage }) => usage.length)).toEqual(Array.from({ length: 16 }, () => MAX_SUMS));
  });

  test('counts so many PNEs side by side, and records the one that has waited longest for one more', () => {
    const { meter, recorded } = metered();
    for (let i = 0; i <= MAX_METERED; i++) meter.count(of({ deviceId: `d${i}` }));
    expect(recorded.map(({ pne }) => pne.deviceId)).toEqual(['d0']);
  });
});

const act = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('count' as const), pick: fc.nat(11), bytes: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 30_000, 61_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const), pick: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      as: fc.constantFrom<Answer[]>('taken', 'refused', new Error('no')),
    }),
  },
);

test('what a meter records is what was counted, whatever was refused on the way', async () => {
  const property = fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
    let answer: Answer = 'taken';
    const { meter, clock, recorded } = metered(() => answer);
    const counted = new Map<string, number>();
    const add = (to: Map<string, number>, key: string, by: number) => to.set(key, (to.get(key) ?? 0) + by);
    const keyOf = (pne: Pne, sum: Pick<Usage, 'keyId' | 'direction'>) =>
      [pne.deviceId, sum.keyId, sum.direction].join();
    for (const one of acts) {
      if (one.do === 'count') {
        const [deviceId, keyId] = [one.pick % 2 === 0 ? 'lamp' : 'tag', KEYS[one.pick % 3 === 0 ? 0 : 1]];
        const usage = of({ deviceId, keyId, direction: one.pick % 4 < 2 ? 'up' : 'down', bytes: one.bytes });
        meter.count(usage);
        add(counted, `${keyOf(usage, usage)} messages`, 1);
        add(counted, `${keyOf(usage, usage)} bytes`, one.bytes);
      }
      if (one.do === 'wait') clock.advance(one.ms);
      if (one.do === 'flush') meter.flush({ pnId: 'home', deviceId: one.pick === 0 ? 'lamp' : 'tag' });
      if (one.do === 'answer') answer = one.as;
      await settled();
    }
    answer = 'taken';
    await meter.stop();
    const found = new Map<string, number>();
    for (const { pne, usage } of recorded) {
      for (const sum of usage) {
        add(found, `${keyOf(pne, sum)} messages`, sum.messages);
        add(found, `${keyOf(pne, sum)} bytes`, sum.bytes);
      }
    }
    expect(found).toEqual(counted);
  });
  await fc.assert(property, { numRuns: 100 });
});

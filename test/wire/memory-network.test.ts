import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { SimulatedClock } from '../../seams/clock.ts';
import { RecordedLog } from '../../seams/log.ts';
import { createMemoryNetwork, type Fate, type MemoryNetwork } from '../../wire/memory.ts';
import type { Delivery } from '../../wire/port.ts';

const text = (delivery: Delivery): string => new TextDecoder().decode(delivery.payload);
const log = new RecordedLog();
const held = (clock = new SimulatedClock()): MemoryNetwork => createMemoryNetwork({ policy: () => 'hold', clock, log });

beforeEach(() => {
  log.lines.length = 0;
});

test('held messages wait in the bag and arrive in the order that the driver chooses', () => {
  const network = held();
  const [alice, bob] = [network.connect('alice'), network.connect('bob')];
  const heard: string[] = [];
  bob.subscribe('t.>', (delivery) => heard.push(text(delivery)));
  for (const each of ['a', 'b', 'c']) {
    alice.publish('t.x', each, { messageId: `m-${each}`, correlationId: 'c' });
  }
  expect(
    network.inFlight.map(({ id, source, target, subject, messageId }) => [id, source, target, subject, messageId]),
  ).toEqual([
    [1, 'alice', 'bob', 't.x', 'm-a'],
    [2, 'alice', 'bob', 't.x', 'm-b'],
    [3, 'alice', 'bob', 't.x', 'm-c'],
  ]);
  network.deliver(2);
  network.duplicate(0);
  network.drop(1);
  network.deliver(0);
  network.deliver(0);
  expect(heard).toEqual(['c', 'a', 'a']);
  expect(network.inFlight).toEqual([]);
  expect(() => network.deliver(0)).toThrow(RangeError);
});

test('each receiver has its own copy, to lose or to keep', () => {
  const network = held();
  const [alice, bob] = [network.connect('alice'), network.connect('bob')];
  const heard: string[] = [];
  alice.subscribe('t', () => heard.push('alice'));
  bob.subscribe('t', () => heard.push('bob'));
  alice.publish('t', '');
  network.drop(network.inFlight.findIndex((message) => message.target === 'alice'));
  network.deliver(0);
  expect(heard).toEqual(['bob']);
});

test('a policy loses and doubles', async () => {
  const fates: Fate[] = ['drop', 'duplicate', 'deliver'];
  const network = createMemoryNetwork({ policy: ({ id }) => fates[(id - 1) % 3] ?? 'deliver', log });
  const wire = network.connect('alice');
  const heard: string[] = [];
  wire.subscribe('t', (delivery) => heard.push(text(delivery)));
  for (const each of ['a', 'b', 'c']) wire.publish('t', each);
  await Promise.resolve();
  await Promise.resolve();
  expect(heard).toEqual(['b', 'b', 'c']);
});

test('a wire that is cut off sends and hears nothing until the cut ends', async () => {
  const network = createMemoryNetwork({ log });
  const [alice, bob] = [network.connect('alice'), network.connect('bob')];
  const heard: string[] = [];
  const statuses: string[] = [];
  bob.onStatus((status) => statuses.push(status));
  bob.subscribe('t', (delivery) => heard.push(text(delivery)));
  network.disconnect('bob');
  expect(bob.publish('t', 'from bob')).toBe(false);
  expect(alice.publish('t', 'lost')).toBe(true);
  const flushed = bob.flush();
  network.reconnect('bob');
  await flushed;
  alice.publish('t', 'arrives');
  await Promise.resolve();
  expect(heard).toEqual(['arrives']);
  expect(statuses).toEqual(['disconnected', 'connected']);
});

test('what was under way to a wire is lost when it is cut off, or closed', () => {
  const network = held();
  const [alice, bob] = [network.connect('alice'), network.connect('bob')];
  const heard: string[] = [];
  bob.subscribe('t', () => heard.push('bob'));
  alice.publish('t', '');
  alice.publish('t', '');
  network.disconnect('bob');
  network.deliver(0);
  network.reconnect('bob');
  void bob.close();
  network.deliver(0);
  expect(heard).toEqual([]);
});

test('a wire of a name that is cut off starts as connecting', async () => {
  const network = createMemoryNetwork({ log });
  network.disconnect('alice');
  const wire = network.connect('alice');
  expect(wire.status).toBe('connecting');
  expect(wire.publish('t', '')).toBe(false);
  network.reconnect('alice');
  await wire.flush();
  expect(wire.status).toBe('connected');
});

test('a request lost on the way times out by the network clock', async () => {
  const clock = new SimulatedClock();
  const network = held(clock);
  const [alice, bob] = [network.connect('alice'), network.connect('bob')];
  bob.subscribe('q', ({ reply }) => reply !== undefined && bob.publish(reply, 'yes'));
  const lost = expect(alice.request('q', '', { timeoutMs: 1_000 })).rejects.toMatchObject({ fault: 'timeout' });
  network.drop(0);
  clock.advance(1_000);
  await lost;
  const answered = alice.request('q', '', { timeoutMs: 1_000 });
  network.deliver(0);
  network.duplicate(0);
  network.deliver(0);
  network.deliver(0);
  expect(new TextDecoder().decode(await answered)).toBe('yes');
  expect(clock.nextDue()).toBeNull();
});

test('members of a queue group take turns', () => {
  const network = held();
  const [alice, bob] = [network.connect('alice'), network.connect('bob')];
  for (const wire of [alice, bob]) wire.subscribe('work', () => {}, { queue: 'workers' });
  for (let count = 0; count < 4; count++) alice.publish('work', '');
  network.disconnect('bob');
  alice.publish('work', '');
  expect(network.inFlight.map((message) => message.target)).toEqual(['alice', 'bob', 'alice', 'bob', 'alice']);
});

test('the same decisions give the same deliveries', () => {
  const step = fc.record({ act: fc.constantFrom('send', 'deliver', 'drop', 'duplicate'), pick: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const run = (): readonly string[] => {
        const network = held();
        const [alice, bob] = [network.connect('alice'), network.connect('bob')];
        const heard: string[] = [];
        alice.subscribe('pong', (delivery) => heard.push(`alice ${text(delivery)}`));
        bob.subscribe('ping', (delivery) => {
          heard.push(`bob ${text(delivery)}`);
          bob.publish('pong', delivery.payload);
        });
        for (const [index, { act, pick }] of steps.entries()) {
          const waiting = network.inFlight.length;
          if (act === 'send') alice.publish('ping', String(index));
          else if (waiting === 0) continue;
          else if (act === 'deliver') network.deliver(pick % waiting);
          else if (act === 'drop') network.drop(pick % waiting);
          else network.duplicate(pick % waiting);
        }
        return heard;
      };
      expect(run()).toEqual(run());
    }),
    { numRuns: 100 },
  );
});

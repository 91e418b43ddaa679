import { beforeEach, expect, test } from 'vitest';
import { ActorCache } from '../../../actors/loop/actor-cache.ts';
import { serverRole } from '../../../actors/roles/cpns-server/role.ts';
import { Runtime } from '../../../actors/loop/runtime.ts';
import { SimulatedClock } from '../../../seams/clock.ts';
import { SeededEntropy } from '../../../seams/entropy.ts';
import { RecordedLog } from '../../../seams/log.ts';
import { createMemoryNetwork } from '../../../wire/memory.ts';
import { MemoryJournal } from '../../../journal/memory.ts';
import { charging } from '../../../machines/cpns-server/charging.ts';
import { createKeyring } from '../../../security/keyring.ts';
import { secretOf, UNLIMITED } from '../../simulation/world.ts';
import { streamOf } from '../../../machines/streams.ts';

const MOST = 50;
const ACTORS = 300;

let runtime: Runtime;
beforeEach(async () => {
  const [clock, entropy, log] = [new SimulatedClock(), new SeededEntropy('many'), new RecordedLog()];
  const network = createMemoryNetwork({ clock, log });
  const identity = {
    idKey: secretOf('id key'),
    limits: UNLIMITED,
    gatewayCredential: () => ({ kind: 'none' as const }),
    pneCredential: () => ({ kind: 'none' as const }),
  };
  runtime = new Runtime({
    role: serverRole(identity),
    journal: new MemoryJournal({ schedule: setImmediate }),
    wire: network.connect('server'),
    clock,
    entropy,
    log,
    keyring: createKeyring({ kek: secretOf('kek'), bytes: (length) => entropy.bytes(length) }),
    observers: 'none',
    maxCachedActors: MOST,
  });
});

const refused = (stream: string) => ({
  stream,
  type: 'MessageRefused',
  data: { message: 'usage-report', from: 'hub', code: 409, count: 1 },
});

async function refusals(stream: string): Promise<number> {
  return (await runtime.state(charging, stream)).context.refusals;
}

test('as many actors as may be are in memory, whoever was used last, and none forgets anything', async () => {
  const streams = Array.from({ length: ACTORS }, (_, i) =>
    streamOf('cpns-server/charging', { pnId: `pn-${i % 7}`, deviceId: `device-${i}` }),
  );
  let most = 0;
  for (let round = 0; round < 3; round++) {
    for (const stream of streams) {
      expect(await runtime.tell(stream, () => [refused(stream)])).toBe('taken');
      most = Math.max(most, runtime.stats.cachedActors);
    }
  }
  expect(most).toBeGreaterThan(MOST / 2);
  expect(most).toBeLessThanOrEqual(MOST + 1);
  for (const stream of streams) expect(await refusals(stream)).toBe(3);
  expect([...runtime.inMemory()].map(([stream]) => stream)).toContain(streams.at(-1));
  expect([...runtime.inMemory()].length).toBe(runtime.stats.cachedActors);
});

test('actors whose steps are under way stay until these are durable, however many there are', async () => {
  const streams = Array.from({ length: ACTORS }, (_, i) =>
    streamOf('cpns-server/charging', { pnId: 'home', deviceId: `device-${i}` }),
  );
  const told = streams.flatMap((stream) => [0, 1, 2].map(() => runtime.tell(stream, () => [refused(stream)])));
  expect(new Set(await Promise.all(told))).toEqual(new Set(['taken']));
  for (const stream of streams) expect(await refusals(stream)).toBe(3);
  const last = streamOf('cpns-server/charging', { pnId: 'home', deviceId: 'last' });
  for (const _ of [0, 1]) await runtime.tell(last, () => [refused(last)]);
  expect(runtime.stats.cachedActors).toBeLessThanOrEqual(MOST + 1);
});

test('the least recently used leaves first, and nobody whose step is under way', () => {
  const census = { count: 0 };
  const cache = new ActorCache(census);
  const actor = { chart: charging, state: charging.initial(), version: 1 };
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) cache.keep(name, actor, i);
  cache.keep('none', { ...actor, version: 0 }, 4);
  cache.keep('a', actor, 4);
  cache.begin('b');
  cache.begin('b');
  cache.settle('b');
  cache.evict(2);
  expect([[...cache.entries()].map(([name]) => name), census.count]).toEqual([['b', 'a'], 2]);
  cache.settle('b');
  cache.passivate(3);
  expect([cache.get('b'), cache.get('a'), census.count]).toEqual([undefined, actor, 1]);
  cache.clear();
  expect([cache.size, census.count]).toEqual([0, 0]);
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { foldActor } from '../../fold/fold.ts';
import { KEYLESS } from '../../actors/roles/journal/journal-actor.ts';
import { IDLE_MS } from '../../actors/loop/limits.ts';
import type { Role } from '../../actors/loop/role.ts';
import { serverUsage } from '../../actors/roles/cpns-server/charging.ts';
import { Runtime } from '../../actors/loop/runtime.ts';
import { SimulatedClock } from '../../seams/clock.ts';
import { systemEntropy } from '../../seams/entropy.ts';
import { RecordedLog } from '../../seams/log.ts';
import { MemoryNetwork } from '../../wire/memory.ts';
import type { Commit } from '../../journal/port.ts';
import { charging } from '../../machines/cpns-server/charging.ts';
import { chartName } from '../../fold/chart-hash.ts';
import { snapshotOf } from '../../fold/snapshot.ts';
import { compare, rate, type Figure } from '../measure/compare.ts';
import type { Contestants } from './contestants.ts';
import { eventAt } from './data.ts';

const LENGTHS = [10, 1_000, 100_000] as const;
/** Loads a round: long enough to be measured. */
const LOADS = { 10: 200, 1_000: 20, 100_000: 1 } as const;

/** The usual distance of a snapshot from the end of its stream. */
const SINCE = 50;

const usage = [
  { keyId: 'k'.repeat(22), serviceId: 'echo', direction: 'up' as const, messages: 1, bytes: 100, from: 0, to: 1 },
];

/** An actor brought back from its stream: from its newest snapshot on, beside its whole stream. */
export async function loading(contestants: Contestants, rounds: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const length of LENGTHS) {
    const { journal, dispose } = await contestants.open();
    const stream = 'charging/home/lamp';
    for (let version = 0; version < length; version += 1_000) {
      await journal.commit(commitOf(stream, version, Math.min(1_000, length - version)));
    }
    const at = Math.max(1, length - SINCE);
    const before = await foldActor(journal, charging, stream, { version: at });
    const load = (): Promise<number> =>
      rate(async () => {
        for (let i = 0; i < LOADS[length]; i++) await foldActor(journal, charging, stream);
        return LOADS[length];
      });
    const without = await contestants.open();
    for (let version = 0; version < length; version += 1_000) {
      await without.journal.commit(commitOf(stream, version, Math.min(1_000, length - version)));
    }
    const loadAll = (): Promise<number> =>
      rate(async () => {
        for (let i = 0; i < LOADS[length]; i++) await foldActor(without.journal, charging, stream);
        return LOADS[length];
      });
    await journal.keepSnapshots([snapshotOf(charging, { stream, version: at, position: at }, before.state)]);
    const title = `${contestants.name}: load an actor of ${length.toLocaleString('en-US')} events, with a snapshot to without`;
    figures.push(await compare(title, load, loadAll, rounds));
    await journal.close();
    await dispose();
    await without.journal.close();
    await without.dispose();
  }
  return figures;
}

function commitOf(stream: string, version: number, count: number): Commit {
  const { meta } = eventAt(0);
  const events = Array.from({ length: count }, () => ({
    type: 'UsageRecorded',
    schemaVersion: 1,
    data: { usage },
    meta: { ...meta, chart: chartName(charging) },
  }));
  return {
    messageKey: null,
    appends: [{ stream, expected: { kind: 'exactly', version }, events }],
    outbox: { put: [], settle: [] },
    answers: [],
    timers: { arm: [], disarm: [] },
    keys: { put: [], drop: [] },
  };
}

/** Steps under way at once. */
const CONCURRENT = 256;
/** Actors that have something to do within a minute. */
const PER_MINUTE = 5_000;

const ROLE: Role = {
  name: 'cpns-server',
  subscriptions: [],
  busy: 503,
  deciders: {},
  handlers: {},
};

/**
 * What actors take of the heap: so many take one step each, 5,000 a minute, and those that had nothing to do for a minute
 * leave; beside the same while no time passes, so that they leave only where more are in memory than may be. Bytes for
 * each actor that there is.
 */
export async function memory(contestants: Contestants, actors: number): Promise<readonly Figure[]> {
  const passing = await heapOf(contestants, actors, IDLE_MS);
  const standing = await heapOf(contestants, actors, 0);
  const name = `${contestants.name}: heap bytes an actor at ${actors.toLocaleString('en-US')} actors, with passivation to without`;
  const figure = { ours: Math.round(passing / actors), floor: Math.round(standing / actors) };
  return [{ name, ...figure, ratio: Number((passing / standing).toFixed(3)) }];
}

async function heapOf(contestants: Contestants, actors: number, minuteMs: number): Promise<number> {
  process.stderr.write(
    `${contestants.name}: ${actors} actors, ${minuteMs === 0 ? 'none' : 'those that are idle'} leave\n`,
  );
  const { journal, dispose } = await contestants.open();
  const clock = new SimulatedClock();
  const log = new RecordedLog();
  const runtime = new Runtime({
    role: ROLE,
    journal,
    wire: new MemoryNetwork({ clock, log }).connect('server'),
    clock,
    entropy: systemEntropy,
    log,
    keyring: KEYLESS,
    observers: 'none',
  });
  await runtime.start();
  const before = await heapBytes();
  for (let i = 0; i < actors; i += CONCURRENT) {
    const steps = Array.from({ length: Math.min(CONCURRENT, actors - i) }, (_, j) => {
      const { stream, ...event } = serverUsage(`pn-${i + j}`, 'lamp', usage);
      return runtime.tell(stream, () => [{ stream, ...event }]);
    });
    await Promise.all(steps);
    clock.advance((minuteMs * CONCURRENT) / PER_MINUTE);
  }
  await runtime.settled();
  const after = await heapBytes();
  await runtime.stop();
  await journal.close();
  await dispose();
  return after - before;
}

/** After all garbage is gone. */
async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  for (let i = 0; i < 3 && typeof collect === 'function'; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

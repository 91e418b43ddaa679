import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_USAGE_SETTINGS } from '../../actors/sessions/data/usage.ts';
import type { SendOutcome } from '../../actors/sessions/data/port.ts';
import { UsageSums } from '../../events/fields.ts';
import { isDifferent, SETTLE_MS } from '../../projections/charging/reconcile.ts';
import { inSession, isData, send, until, type Fate, type Sessions } from '../actors/sessions/data/sessions.ts';
import { recordsOf } from '../simulation/charging.ts';
import type { World } from '../simulation/world.ts';
import type { InFlight } from '../../wire/memory-hub.ts';

/** Messages through a wire that loses, repeats and reorders, and a PN GW and a server that die: what is counted of them. */

const RUNS = Number(process.env['CPNS_PROPERTY_RUNS'] ?? '20');

const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>('deliver') },
  { weight: 2, arbitrary: fc.constant<Fate>('twice') },
  { weight: 1, arbitrary: fc.constant<Fate>('later') },
  { weight: 1, arbitrary: fc.constant<Fate>('lose') },
);
const message = fc.record({
  do: fc.constant('send' as const),
  from: fc.constantFrom<('pnes' | 'server')[]>('pnes', 'server'),
  size: fc.constantFrom(0, 1, 500, 40_000),
  serviceId: fc.constantFrom('echo', 'alarm'),
  /** Of the data frames in turn, over and over. `dead`: none arrives at the server. */
  fates: fc.oneof(fc.array(fate, { minLength: 1, maxLength: 12 }), fc.constant('dead' as const)),
});
const wait = fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 20_000, 61_000) });
const kill = fc.record({
  do: fc.constant('kill' as const),
  node: fc.constantFrom<('gateway' | 'server')[]>('gateway', 'server'),
});
type Step = typeof message extends fc.Arbitrary<infer M> ? M | z.infer<typeof Other> : never;
const Other = z.union([
  z.object({ do: z.literal('wait'), ms: z.number() }),
  z.object({ do: z.literal('kill'), node: z.enum(['gateway', 'server']) }),
]);

const Data = z.object({
  body: z.object({
    keyId: z.string(),
    epoch: z.number(),
    counter: z.number(),
    serviceId: z.string().nullable(),
  }),
});

interface Frame {
  readonly direction: 'up' | 'down';
  readonly serviceId: string;
  /** Tells the frames of one direction apart. */
  readonly number: string;
}

/** What a PN GW passed on, or would; null for whatever is no frame of a service. */
function frameOf({ subject, payload }: Pick<InFlight, 'subject' | 'payload'>): Frame | null {
  const direction = /\.wan\.up\..*\.data$/.test(subject) ? 'up' : /\.down\..*\.data$/.test(subject) ? 'down' : null;
  if (direction === null || subject.includes('.wan.down.')) return null;
  const { keyId, epoch, counter, serviceId } = Data.parse(JSON.parse(new TextDecoder().decode(payload))).body;
  return serviceId === null ? null : { direction, serviceId, number: `${keyId} ${epoch} ${counter}` };
}

interface Run {
  readonly sessions: Sessions;
  readonly outcomes: readonly SendOutcome[];
  /** Messages of which every copy was lost, by id. */
  readonly lost: ReadonlySet<number>;
  /** How much of `world.sent` and of the timeline lay before each death of the PN GW. */
  readonly deaths: readonly { readonly sent: number; readonly moments: number }[];
}

async function play(steps: readonly Step[], seed: number): Promise<Run> {
  const sessions = await inSession({ seed: `usage ${seed}` });
  const { world } = sessions;
  const outcomes: SendOutcome[] = [];
  const [met, lost] = [new Set<number>(), new Set<number>()];
  const deaths: { readonly sent: number; readonly moments: number }[] = [];
  const meet = (fates: readonly Fate[] | 'dead') => {
    let turn = 0;
    return (one: InFlight): Fate => {
      if (!isData(one)) return 'deliver';
      const isDead = fates === 'dead' && one.subject.includes('.wan.up.');
      const fate = isDead ? 'lose' : fates === 'dead' ? 'deliver' : (fates[turn++ % fates.length] ?? 'deliver');
      if (fate === 'lose' && !met.has(one.id)) lost.add(one.id);
      if (fate !== 'lose') lost.delete(one.id);
      met.add(one.id);
      return fate;
    };
  };
  for (const step of steps) {
    if (step.do === 'send') {
      const { from, size, serviceId, fates } = step;
      outcomes.push(await until(world, send(sessions, from, new Uint8Array(size), { serviceId }), meet(fates)));
    }
    if (step.do === 'wait') {
      world.clock.advance(step.ms);
      await world.calm();
    }
    if (step.do === 'kill') {
      await world.settle();
      if (step.node === 'gateway') deaths.push({ sent: world.sent.length, moments: world.timeline.length });
      await world.kill(step.node);
      await world.startNode(step.node);
      await world.calm();
    }
  }
  // What was still under way arrives first.
  await world.drain();
  world.clock.advance(DEFAULT_USAGE_SETTINGS.intervalMs);
  await world.calm();
  return { sessions, outcomes, lost, deaths };
}

/** Distinct frames, by direction and service. */
function distinct(frames: readonly (Frame | null)[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, Set<string>>();
  for (const frame of frames) {
    if (frame === null) continue;
    const key = `${frame.direction} ${frame.serviceId}`;
    numbers.set(key, (numbers.get(key) ?? new Set()).add(frame.number));
  }
  return new Map([...numbers].map(([key, seen]) => [key, seen.size]));
}

const relayed = (world: World, from = 0, to = world.sent.length): ReadonlyMap<string, number> =>
  distinct(world.sent.slice(from, to).flatMap((one) => (one.source === 'gateway' ? [frameOf(one)] : [])));

/** What the PN GW recorded, by direction and service. */
function recorded(world: World, from = 0, to = world.timeline.length): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { node, events } of world.timeline.slice(from, to)) {
    for (const { type, data } of node === 'gateway' ? events : []) {
      if (type !== 'UsageRecorded') continue;
      for (const { direction, serviceId, messages } of UsageSums.parse(data['usage'])) {
        found.set(`${direction} ${serviceId}`, (found.get(`${direction} ${serviceId}`) ?? 0) + messages);
      }
    }
  }
  return found;
}

async function counted(world: World, side: 'server' | 'gateway'): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const record of await recordsOf(world)) {
    const key = `${record.direction} ${record.serviceId}`;
    found.set(key, (found.get(key) ?? 0) + record[side].messages);
  }
  return new Map([...found].filter(([, messages]) => messages > 0));
}

const onlyUp = (counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map([...counts].filter(([key]) => key.startsWith('up ')));

async function holds(step: fc.Arbitrary<Step>, check: (run: Run) => Promise<void>): Promise<void> {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.nat(), async (steps, seed) => {
    await check(await play(steps, seed));
  });
  await fc.assert(property, { numRuns: RUNS });
}

describe(
  'over generated runs with loss, repetition and reordering',
  { timeout: 120_000 * Math.max(1, RUNS / 20) },
  () => {
    const step: fc.Arbitrary<Step> = fc.oneof({ weight: 5, arbitrary: message }, { weight: 1, arbitrary: wait });

    test('the PN GW counts each frame that it relayed once, and the server each that arrived', () =>
      holds(step, async ({ sessions: { world }, lost }) => {
        expect(await counted(world, 'gateway')).toEqual(relayed(world));
        const arrived = world.sent.filter(({ id, source }) => source === 'gateway' && !lost.has(id)).map(frameOf);
        expect(onlyUp(await counted(world, 'server'))).toEqual(onlyUp(distinct(arrived)));
      }));

    test('nothing differs where every message was confirmed, and what differs was never confirmed', () =>
      holds(step, async ({ sessions: { world }, outcomes }) => {
        const records = await recordsOf(world);
        const isConfirmed = outcomes.every(({ kind }) => kind === 'delivered');
        if (isConfirmed) expect(records.filter(isDifferent)).toEqual([]);
        // Whatever the server counted came through the PN GW.
        expect(records.filter(({ difference }) => difference.messages < 0 || difference.bytes < 0)).toEqual([]);
      }));
  },
);

describe('over generated runs in which PN GW and server die', { timeout: 120_000 * Math.max(1, RUNS / 20) }, () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: message },
    { weight: 1, arbitrary: wait },
    { weight: 2, arbitrary: kill },
  );

  test('what the PN GW recorded is reported and counted exactly once, and is lost only with a process that was killed', () =>
    holds(step, async ({ sessions: { world }, deaths }) => {
      expect(await counted(world, 'gateway')).toEqual(recorded(world));
      const last = deaths.at(-1) ?? { sent: 0, moments: 0 };
      expect(recorded(world, last.moments)).toEqual(relayed(world, last.sent));
      for (const [index, end] of deaths.entries()) {
        const start = deaths[index - 1] ?? { sent: 0, moments: 0 };
        const all = relayed(world, start.sent, end.sent);
        for (const [key, messages] of recorded(world, start.moments, end.moments)) {
          expect(messages).toBeLessThanOrEqual(all.get(key) ?? 0);
        }
      }
    }));

  test('the records are the sums of the events at every moment, and settle once the session is over', () =>
    holds(step, async ({ sessions: { world } }) => {
      await world.register('lamp');
      await world.calm();
      world.clock.advance(SETTLE_MS);
      const records = await recordsOf(world);
      expect(records.filter(({ standing }) => standing !== 'settled')).toEqual([]);
      const events = await world.events('server');
      for (const [type, side] of [
        ['UsageRecorded', 'server'],
        ['GatewayUsageReceived', 'gateway'],
      ] as const) {
        const sums = events.flatMap((event) => (event.type === type ? UsageSums.parse(event.data['usage']) : []));
        for (const what of ['messages', 'bytes'] as const) {
          const total = sums.reduce((all, sum) => all + sum[what], 0);
          expect(records.reduce((all, record) => all + record[side][what], 0)).toBe(total);
        }
      }
    }));
});

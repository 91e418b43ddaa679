import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { World } from '../simulation/world.ts';
import { evidenceOf, type Checker } from './evidence.ts';
import * as invariants from './invariants.ts';
import { calm, play, RUNS, sharedScript } from './run.ts';

/** Three CPNS Servers on one journal live through what one lives through, and are paused and wake up late. */

const CHECKERS: Readonly<Record<string, Checker>> = {
  I1: invariants.cpnsIdAfterAuthentication,
  I2: invariants.cpnsIdBelongsToOneDevice,
  I3: invariants.inventoryAgreesWithRegistration,
  I4: invariants.localInventoryIsPrefix,
  I5: invariants.forwardsOnlyMembers,
  I6: invariants.oneOutcomePerRequest,
  I7: invariants.noSecretLeaks,
  I8: invariants.stateIsFold,
  I9: invariants.projectionEqualsRebuilt,
  I10: invariants.sessionsAgree,
  I11: invariants.noProvisionalAfterRefusal,
  I12: invariants.newestRequestOnly,
  I13: invariants.keysEndByEvents,
  I14: invariants.epochsAreClaimedOnce,
  I15: invariants.givenAtMostOnce,
};

async function violations(world: World, phase: 'chaos' | 'calm'): Promise<readonly string[]> {
  const evidence = evidenceOf(world, phase);
  const found = await Promise.all(
    Object.entries(CHECKERS).map(async ([name, check]) => (await check(evidence)).map((what) => `${name} ${what}`)),
  );
  return [...found.flat(), ...numbersUsedTwice(world)];
}

const Numbered = z.object({ keyId: z.string(), start: z.int(), counter: z.int(), frame: z.string() });

/** A nonce under one key is one frame: no two servers, and no two lives of one, ever number another frame alike. */
function numbersUsedTwice({ sent }: World): readonly string[] {
  const frames = new Map<string, string>();
  return sent.flatMap(({ subject, frame }) => {
    if (!subject.startsWith('cpns.wan.down.')) return [];
    const numbered = Numbered.safeParse(JSON.parse(new TextDecoder().decode(frame))).data;
    if (numbered === undefined) return [];
    const number = `${numbered.keyId} ${numbered.start} ${numbered.counter}`;
    const before = frames.get(number) ?? numbered.frame;
    frames.set(number, before);
    return before === numbered.frame ? [] : [`two frames have the number ${number}`];
  });
}

test(
  'over generated runs of three servers on one journal, all that holds for one holds',
  { timeout: 120_000 },
  async () => {
    const property = fc.asyncProperty(sharedScript, async (run) => {
      const world = await play(run);
      expect(await violations(world, 'chaos')).toEqual([]);
      await calm(world);
      expect(await violations(world, 'calm')).toEqual([]);
      for (const name of world.processes) await world.kill(name);
    });
    await fc.assert(property, { numRuns: Math.ceil(RUNS / 2) });
  },
);

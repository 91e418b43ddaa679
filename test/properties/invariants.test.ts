import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidenceOf, type Checker } from './evidence.ts';
import { forgetsWhatWasErased } from './forgetting.ts';
import * as invariants from './invariants.ts';
import { usageAddsUp } from './usage-adds-up.ts';
import { calm, play, RUNS, script } from './run.ts';

/**
 * Generated households live through losses, duplicates, reorderings, delays, partitions and kills; then comes calm.
 * A run that fails is printed by fast-check with its seed and path: `fc.assert(..., { seed, path })` plays it again.
 */
async function holds(check: Checker): Promise<void> {
  const property = fc.asyncProperty(script, async (run) => {
    const world = await play(run);
    expect(await check(evidenceOf(world, 'chaos'))).toEqual([]);
    await calm(world);
    expect(await check(evidenceOf(world, 'calm'))).toEqual([]);
  });
  await fc.assert(property, { numRuns: RUNS });
}

describe('over generated runs', { timeout: 120_000 * Math.max(1, RUNS / 20) }, () => {
  test('I1 no CPNS ID without an earlier PneAuthenticated in the same registration', () =>
    holds(invariants.cpnsIdAfterAuthentication));
  test('I2 a CPNS ID belongs to one device for ever, and a device keeps its own', () =>
    holds(invariants.cpnsIdBelongsToOneDevice));
  test('I3 the inventory shows a PNE as registered if and only if its registration is', () =>
    holds(invariants.inventoryAgreesWithRegistration));
  test("I4 the PN GW's inventory is at every moment a prefix of the server's history", () =>
    holds(invariants.localInventoryIsPrefix));
  test('I5 the PN GW forwards a registration only for a PNE that is in its inventory at that moment', () =>
    holds(invariants.forwardsOnlyMembers));
  test('I6 each requestId gets exactly one outcome, and every copy of the answer is the same bytes', () =>
    holds(invariants.oneOutcomePerRequest));
  test('I7 no secret is in any event, message, log line or error', () => holds(invariants.noSecretLeaks));
  test('I8 the state of every actor equals the fold of its stream, at every prefix', () =>
    holds(invariants.stateIsFold));
  test('I9 a projection maintained equals a projection rebuilt', () => holds(invariants.projectionEqualsRebuilt));
  test('I10 both ends hold a session with the same keyId and keys, or the one that does not tries again', () =>
    holds(invariants.sessionsAgree));
  test('I11 after a refusal no provisional PNE stays', () => holds(invariants.noProvisionalAfterRefusal));
  test('I12 no request is accepted twice, or after a later one of the same sender', () =>
    holds(invariants.newestRequestOnly));
  test('I13 no key is gone without the event that ends it, in the same commit', () =>
    holds(invariants.keysEndByEvents));
  test('I14 no epoch of a session is claimed twice, and no frame leaves before the claim of its epoch', () =>
    holds(invariants.epochsAreClaimedOnce));
  test('I15 what an application is given was sent, and is given once', () => holds(invariants.givenAtMostOnce));
  test('I16 recorded usage is counted once, and the charging records are the sums of the events', () =>
    holds(usageAddsUp));
  test('I17 what is personal is sealed under a key of its own, and nothing opens what was erased', () =>
    holds(forgetsWhatWasErased));
});

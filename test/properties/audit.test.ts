import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededEntropy } from '../../seams/entropy.ts';
import { audit } from '../../replay/audit.ts';
import { judge, type Verdict } from '../../replay/verdict.ts';
import { rowsOf, rowsSource } from '../replay/rows.ts';
import { device, GATEWAY, NODES, World } from '../simulation/world.ts';
import { calm, play, RUNS, script } from './run.ts';

/** What an auditor says of the journals of a run, none of which anybody touched. */
async function auditOf(world: World): Promise<Pick<Verdict, 'verdict' | 'findings' | 'notChecked'>> {
  const sources = [];
  for (const node of NODES) {
    const events = await world.events(node);
    if (events.length > 0) sources.push(rowsSource(node, rowsOf(events)));
  }
  const { verdict, findings, notChecked } = judge(await audit(sources, { verifiers: [], brought: [] }), 'test').verdict;
  return { verdict, findings, notChecked };
}

const CONFORMANT = { verdict: 'CONFORMANT', findings: [], notChecked: [] };

test(
  'an auditor finds nothing in the journals of generated runs, in the chaos nor in the calm',
  { timeout: 120_000 * Math.max(1, RUNS / 20) },
  async () => {
    const property = fc.asyncProperty(script, async (run) => {
      const world = await play(run);
      expect(await auditOf(world)).toEqual(CONFORMANT);
      await calm(world);
      expect(await auditOf(world)).toEqual(CONFORMANT);
    });
    await fc.assert(property, { numRuns: Math.ceil(RUNS / 4) });
  },
);

test('an auditor finds nothing where the server was silent about a stranger, which is taken out again', async () => {
  const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: [] }];
  const world = await World.start({ pns, devices: [device('lamp', 'home', 'needed')] });
  await world.calm();
  await world.register('lamp');
  const withdrawn = async (): Promise<boolean> =>
    (await world.events('gateway')).some(
      ({ type, data }) => type === 'PnUpdateRequested' && data['action'] === 'remove',
    );
  await world.kill('server');
  for (let turn = 0; turn < 100 && !(await withdrawn()); turn++) {
    await world.drain();
    world.clock.fireNext();
  }
  expect(await withdrawn()).toBe(true);
  await world.startNode('server');
  await world.calm();
  expect(await auditOf(world)).toEqual(CONFORMANT);
});

const STRANGERS = ['lamp', 'cup', 'tag', 'fan', 'plug', 'lock'] as const;
const AWAY_MS = 30_000;

/** Strangers ask one after the other while the server is away, and again and again until it is back. */
async function waitedFor(seed: string): Promise<World> {
  const entropy = new SeededEntropy(`moments of ${seed}`);
  const pns = [{ id: 'home', gatewayId: GATEWAY, joinPolicy: 'open' as const, members: [] }];
  const world = await World.start({ seed, pns, devices: STRANGERS.map((id) => device(id, 'home', 'needed')) });
  await world.calm();
  await world.kill('server');
  const until = world.clock.now() + AWAY_MS;
  for (const id of STRANGERS) {
    await world.register(id);
    const goesOnAt = world.clock.now() + 15 * (entropy.bytes(1)[0] ?? 0);
    while (world.clock.now() < goesOnAt) {
      world.clock.advance(100);
      await world.drain();
    }
  }
  while (world.clock.now() < until) {
    world.clock.advance(100);
    await world.drain();
  }
  await world.startNode('server');
  await world.calm();
  return world;
}

test(
  'an auditor finds nothing in 20 of 20 runs where strangers ask again of a server that was away for 30 s',
  { timeout: 120_000 },
  async () => {
    const verdicts: Awaited<ReturnType<typeof auditOf>>[] = [];
    for (let run = 0; run < 20; run++) verdicts.push(await auditOf(await waitedFor(`away ${run}`)));
    expect(verdicts).toEqual(verdicts.map(() => CONFORMANT));
  },
);

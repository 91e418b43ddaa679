import fc from 'fast-check';
import { expect, test } from 'vitest';
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

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldActor } from '../../fold/fold.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import { verifySnapshots } from '../../replay/snapshots.ts';
import { NODES, type NodeName, type World } from '../simulation/world.ts';
import { calm, play, RUNS, script } from './run.ts';
import { isChartId, CHARTS } from '../../machines/catalogue.ts';

/** Every actor of a node, as it is at a few of its events and at the last: state as text, key order and all. */
async function actorsOf(world: World, node: NodeName) {
  const journal = new MemoryJournal({ disk: world.disk(node) });
  const streams = new Map((await world.events(node)).map(({ stream, meta }) => [stream, meta.chart.id]));
  const found: [name: string, state: string][] = [];
  let onSnapshots = 0;
  for (const [stream, id] of streams) {
    if (!isChartId(id)) continue;
    const { version: last } = await foldActor(journal, CHARTS[id], stream);
    for (const version of new Set([1, Math.ceil(last / 2), last - 1, last])) {
      const actor = await foldActor(journal, CHARTS[id], stream, { version });
      if (actor.folded < actor.version) onSnapshots += 1;
      const { value, context } = actor.state;
      found.push([`${stream} ${version}`, JSON.stringify([actor.version, actor.position, value, context])]);
    }
  }
  return { found, onSnapshots };
}

test('to delete all snapshots changes nothing but speed, and each is what its stream folds to', async () => {
  let onSnapshots = 0;
  const property = fc.asyncProperty(script, async (run) => {
    const world = await play(run);
    await calm(world);
    for (const node of NODES) {
      await world.kill(node);
      const journal = new MemoryJournal({ disk: world.disk(node) });
      for await (const { snapshot, verdict } of verifySnapshots(journal)) {
        expect(verdict, `${node} ${snapshot.stream} ${snapshot.version}`).toBe('right');
      }
      const withThem = await actorsOf(world, node);
      world.disk(node).snapshots.clear();
      const without = await actorsOf(world, node);
      expect(withThem.found).toEqual(without.found);
      expect(without.onSnapshots).toBe(0);
      onSnapshots += withThem.onSnapshots;
    }
  });
  await fc.assert(property, { numRuns: Math.ceil(RUNS / 4) });
  expect(onSnapshots).toBeGreaterThan(0);
});

import { InventoryProjection } from '../../projections/projection.ts';
import { openInventoryStore } from '../../projections/sql.ts';
import { compare, rate, type Figure } from '../measure/compare.ts';
import type { Contestants } from './contestants.ts';
import { commits } from './data.ts';

const STORED = 50_000;
const PAGE = 1_000;

/** An ordered read, and a projection from it, beside the same by hand. */
export async function reading(contestants: Contestants, rounds: number): Promise<readonly Figure[]> {
  const { journal, openFloor, dispose } = await contestants.open();
  for (const commit of commits(STORED / 100, 100)) await journal.commit(commit);
  const projection = new InventoryProjection(journal, await openInventoryStore(journal));
  const floor = await openFloor();
  const readAll = async (): Promise<number> => {
    for (let after = 0; ;) {
      const last = (await journal.readAll({ after, limit: PAGE })).at(-1);
      if (last === undefined) return after;
      after = last.position;
    }
  };
  const figures = [
    await compare(
      `${contestants.name}: read in order`,
      () => rate(readAll),
      () => rate(() => floor.read(PAGE)),
      rounds,
    ),
    await compare(
      `${contestants.name}: rebuild the PN Inventory`,
      () => rate(() => projection.rebuild()),
      () => rate(() => floor.rebuild(PAGE)),
      rounds,
    ),
  ];
  await floor.close();
  await journal.close();
  await dispose();
  return figures;
}

import type { SqlReader } from '../../journal/sql/reader.ts';
import { READ_MODELS } from '../../projections/all.ts';
import type { ReadModel } from '../../projections/port.ts';
import { UsageError } from '../errors.ts';
import { roleOf } from '../keys/journal.ts';

/**
 * The read models of a journal, or those of them that are named.
 * @throws UsageError where the role whose journal it is has no such read model
 */
export async function modelsOf(
  journal: SqlReader,
  names: readonly string[] = [],
): Promise<readonly ReadModel<unknown>[]> {
  const role = await roleOf(journal);
  const all: readonly ReadModel<unknown>[] = READ_MODELS[role];
  const unknown = names.find((name) => !all.some((model) => model.name === name));
  if (unknown === undefined) return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  const there = all.length === 0 ? 'It has none.' : `It has: ${all.map(({ name }) => name).join(', ')}.`;
  throw new UsageError(`A journal of ${role} has no projection '${unknown}'`, there);
}

import type { SqlReader } from '../../journal/sql/reader.ts';
import { hasRegister, registered, type ProjectionTables } from '../../projections/checkpoints.ts';
import type { Stop } from '../../projections/port.ts';
import { table } from '../inventory/text.ts';
import { modelsOf } from './models.ts';

export interface Listed {
  readonly name: string;
  readonly checkpoint: number;
  readonly head: number;
  /** Events that are not in the rows yet. */
  readonly lag: number;
  /** `absent`: no program has set it up; `outdated`: its rows are of another version, and built again at the next start. */
  readonly state: 'running' | 'stopped' | 'absent' | 'outdated';
  readonly stopped: Stop | null;
}

/** The projections of a journal, as they stand. */
export async function listProjections(journal: SqlReader): Promise<readonly Listed[]> {
  const db = journal.db.$extendTables<ProjectionTables>();
  const found = (await hasRegister(db, journal.capabilities)) ? await registered(db) : [];
  // Behind the checkpoints: others commit meanwhile, and no checkpoint is beyond the journal for that.
  const head = await journal.head();
  return (await modelsOf(journal)).map(({ name, shape }): Listed => {
    const row = found.find((one) => one.name === name);
    if (row === undefined) return { name, checkpoint: 0, head, lag: head, state: 'absent', stopped: null };
    const { position: checkpoint, stopped } = row;
    const state = row.shape !== shape ? 'outdated' : stopped === null ? 'running' : 'stopped';
    return { name, checkpoint, head, lag: head - checkpoint, state, stopped };
  });
}

export function listText(listed: readonly Listed[]): string {
  if (listed.length === 0) return 'no projection\n';
  const rows = listed.map(({ name, checkpoint, head, lag, state, stopped }) => {
    return [name, `${checkpoint}`, `${head}`, `${lag}`, stopped === null ? state : `${state}: ${stopped.says}`];
  });
  return `${table([['name', 'checkpoint', 'head', 'lag', 'state'], ...rows]).join('\n')}\n`;
}

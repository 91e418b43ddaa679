import { availableParallelism } from 'node:os';
import type { Commit, Journal } from '../events/journal/port.ts';
import { openSqliteJournal } from '../events/journal/sqlite/open.ts';
import { InventoryProjection } from '../projections/projection.ts';
import { openInventoryStore } from '../projections/sql.ts';
import { commits, withFile } from './journal/data.ts';
import { appendByHand, openFloor, readByHand, rebuildByHand } from './journal/floor.ts';
import { compare, rate, ROUNDS, writeTable, type Figure } from './measure/compare.ts';

/** Events per commit, and how many commits: enough for a tenth of a second and more. */
const SIZES = [
  { size: 1, count: 1_000 },
  { size: 14, count: 700 },
  { size: 100, count: 200 },
  { size: 1_000, count: 20 },
] as const;
/** Actors that each wait for their commit of one event before the next. */
const APPENDERS = [
  { appenders: 1, count: 1_000 },
  { appenders: 32, count: 6_400 },
  { appenders: 256, count: 12_800 },
] as const;
const STORED = 50_000;
const PAGE = 1_000;

/** Appends, reads and rebuilds on the SQLite journal, each beside the same rows by hand on `node:sqlite`. */
export async function run(): Promise<void> {
  const figures: Figure[] = [];
  for (const { size, count } of SIZES) {
    figures.push(await append(`append, ${size} per commit`, commits(count, size), 1));
  }
  for (const { appenders, count } of APPENDERS) {
    figures.push(await append(`append, ${appenders} at a time`, commits(count, 1), appenders));
  }
  figures.push(...(await readAndRebuild()));
  report(figures);
}

function append(name: string, batch: readonly Commit[], appenders: number): Promise<Figure> {
  const events = batch.reduce((sum, { appends }) => sum + (appends[0]?.events.length ?? 0), 0);
  const ours = () =>
    withFile(async (file) => {
      const journal = await openSqliteJournal(file);
      const result = await rate(async () => {
        await Promise.all(Array.from({ length: appenders }, (_, i) => appendInTurn(journal, batch, i, appenders)));
        return journal.head();
      });
      await journal.close();
      return result;
    });
  const floor = () =>
    withFile(async (file) => {
      await (await openSqliteJournal(file)).close();
      const db = openFloor(file);
      const result = await rate(() => {
        appendByHand(db, batch, appenders);
        return events;
      });
      db.close();
      return result;
    });
  return compare(name, ours, floor);
}

async function appendInTurn(journal: Journal, batch: readonly Commit[], from: number, step: number): Promise<void> {
  for (let i = from; i < batch.length; i += step) {
    const commit = batch[i];
    if (commit === undefined) return;
    const result = await journal.commit(commit);
    if (result.kind !== 'committed') throw new Error(`The benchmark's commit ${i} was not committed: ${result.kind}.`);
  }
}

function readAndRebuild(): Promise<readonly Figure[]> {
  return withFile(async (file) => {
    const journal = await openSqliteJournal(file);
    for (const commit of commits(STORED / 100, 100)) await journal.commit(commit);
    const projection = new InventoryProjection(journal, await openInventoryStore(journal));
    const db = openFloor(file);
    const readAll = async (): Promise<number> => {
      for (let after = 0; ;) {
        const last = (await journal.readAll({ after, limit: PAGE })).at(-1);
        if (last === undefined) return after;
        after = last.position;
      }
    };
    const read = await compare(
      'read in order',
      () => rate(readAll),
      () => rate(() => readByHand(db, PAGE)),
    );
    const rebuild = await compare(
      'rebuild PN Inventory',
      () => rate(() => projection.rebuild()),
      () => rate(() => rebuildByHand(db, PAGE)),
    );
    db.close();
    await journal.close();
    return [read, rebuild];
  });
}

function report(figures: readonly Figure[]): void {
  process.stdout.write(`Events per second, medians of ${ROUNDS} alternating rounds; floor: by hand on node:sqlite\n`);
  writeTable(figures, 'this journal');
  const machine = { node: process.version, cores: availableParallelism() };
  process.stdout.write(`${JSON.stringify({ benchmark: 'journal', rounds: ROUNDS, ...machine, figures })}\n`);
}

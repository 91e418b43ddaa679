import { availableParallelism } from 'node:os';
import type { Commit, Journal } from '../events/journal/port.ts';
import { InventoryProjection } from '../projections/projection.ts';
import { openInventoryStore } from '../projections/sql.ts';
import type { Contestants, Floor } from './journal/contestants.ts';
import { commits } from './journal/data.ts';
import { postgres } from './journal/postgres.ts';
import { sqlite } from './journal/sqlite.ts';
import { compare, rate, ROUNDS, writeTable, type Contestant, type Figure } from './measure/compare.ts';

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

/** Appenders of the comparison with one transaction for each append. */
const CONCURRENT = 64;

/** Appends, reads and rebuilds on each database, beside the same rows by hand. */
export async function run(): Promise<void> {
  const figures: Figure[] = [];
  for (const start of [async () => sqlite, postgres]) {
    const contestants = await start();
    try {
      figures.push(...(await measure(contestants)));
    } finally {
      await contestants.close();
    }
  }
  report(figures);
}

async function measure(contestants: Contestants): Promise<readonly Figure[]> {
  const { name } = contestants;
  const figures: Figure[] = [];
  for (const { size, count } of SIZES) {
    figures.push(await append(contestants, `${name}: append, ${size} per commit`, commits(count, size), 1));
  }
  for (const { appenders, count } of APPENDERS) {
    figures.push(await append(contestants, `${name}: append, ${appenders} at a time`, commits(count, 1), appenders));
  }
  const each = commits(CONCURRENT * 30, 1);
  const [title, ours] = [
    `${name}: ${CONCURRENT} at a time, to one transaction each`,
    appending(contestants, each, CONCURRENT),
  ];
  figures.push(
    await compare(
      title,
      ours,
      onFloor(contestants, (floor) => floor.appendEach(each)),
    ),
  );
  return [...figures, ...(await readAndRebuild(contestants))];
}

function append(contestants: Contestants, name: string, batch: readonly Commit[], appenders: number): Promise<Figure> {
  return compare(
    name,
    appending(contestants, batch, appenders),
    onFloor(contestants, (floor) => floor.append(batch, appenders)),
  );
}

/** So many appenders, each of which waits for its commit before the next. */
function appending(contestants: Contestants, batch: readonly Commit[], appenders: number): Contestant {
  return async () => {
    const { journal, dispose } = await contestants.open();
    const result = await rate(async () => {
      await Promise.all(Array.from({ length: appenders }, (_, i) => appendInTurn(journal, batch, i, appenders)));
      return journal.head();
    });
    await journal.close();
    await dispose();
    return result;
  };
}

function onFloor(contestants: Contestants, work: (floor: Floor) => Promise<number>): Contestant {
  return async () => {
    const { journal, openFloor, dispose } = await contestants.open();
    await journal.close();
    const floor = await openFloor();
    const result = await rate(() => work(floor));
    await floor.close();
    await dispose();
    return result;
  };
}

async function appendInTurn(journal: Journal, batch: readonly Commit[], from: number, step: number): Promise<void> {
  for (let i = from; i < batch.length; i += step) {
    const commit = batch[i];
    if (commit === undefined) return;
    const result = await journal.commit(commit);
    if (result.kind !== 'committed') throw new Error(`The benchmark's commit ${i} was not committed: ${result.kind}.`);
  }
}

async function readAndRebuild(contestants: Contestants): Promise<readonly Figure[]> {
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
  const read = await compare(
    `${contestants.name}: read in order`,
    () => rate(readAll),
    () => rate(() => floor.read(PAGE)),
  );
  const rebuild = await compare(
    `${contestants.name}: rebuild PN Inventory`,
    () => rate(() => projection.rebuild()),
    () => rate(() => floor.rebuild(PAGE)),
  );
  await floor.close();
  await journal.close();
  await dispose();
  return [read, rebuild];
}

function report(figures: readonly Figure[]): void {
  process.stdout.write(
    `Events per second, medians of ${ROUNDS} alternating rounds; floor: by hand on node:sqlite and pg\n`,
  );
  writeTable(figures, 'this journal');
  const machine = { node: process.version, cores: availableParallelism() };
  process.stdout.write(`${JSON.stringify({ benchmark: 'journal', rounds: ROUNDS, ...machine, figures })}\n`);
}

import type { Commit, Journal } from '../../journal/port.ts';
import { appendLeaves, EMPTY_FRONTIER, frontierToBytes } from '../../journal/merkle/frontier.ts';
import { leafHash } from '../../journal/leaf.ts';
import { against, atLeast, atMost, compare, rate, type Contestant, type Figure } from '../measure/compare.ts';
import type { Contestants, Floor } from './contestants.ts';
import { commits } from './data.ts';

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
/** Of what the same rows take by hand, as many in each transaction. */
const SHARE_OF_FLOOR = atLeast(0.6);

/** Appenders of the comparison with one transaction for each append. */
const CONCURRENT = 64;
const GROUP_COMMIT = { SQLite: atLeast(20), PostgreSQL: atLeast(10) } as const;

/** Of an append, what its tree may take. */
const TREE_SHARE = atMost(0.15);

/** Appends beside the same rows by hand. */
export async function append(contestants: Contestants, rounds: number): Promise<readonly Figure[]> {
  const { name } = contestants;
  const figures: Figure[] = [];
  const add = async (title: string, batch: readonly Commit[], appenders: number): Promise<void> => {
    const byHand = onFloor(contestants, (floor) => floor.append(batch, appenders));
    const figure = await compare(`${name}: ${title}`, appending(contestants, batch, appenders), byHand, rounds);
    figures.push(against(SHARE_OF_FLOOR, figure));
  };
  for (const { size, count } of SIZES) await add(`append, ${size} per commit`, commits(count, size), 1);
  for (const { appenders, count } of APPENDERS)
    await add(`append, ${appenders} at a time`, commits(count, 1), appenders);
  return figures;
}

/**
 * Group commit: 64 appenders at a time, beside one transaction for each append, by this journal and by hand; and what the
 * database itself makes of 64 appends in a transaction, which nobody who keeps these rows gets past.
 */
export async function groupCommit(contestants: Contestants, rounds: number): Promise<readonly Figure[]> {
  const { name } = contestants;
  const bar = GROUP_COMMIT[name];
  const many = commits(CONCURRENT * 100, 1);
  const few = commits(CONCURRENT * 20, 1);
  const together = appending(contestants, many, CONCURRENT);
  const each = onFloor(contestants, (floor) => floor.appendEach(few));
  const batched = onFloor(contestants, (floor) => floor.append(many, CONCURRENT));
  const title = `${name}: ${CONCURRENT} at a time, to one transaction each`;
  return [
    against(bar, await compare(title, together, appending(contestants, few, 1), rounds)),
    against(bar, await compare(`${title} by hand`, together, each, rounds)),
    await compare(`${title}: by hand to by hand`, batched, each, rounds),
  ];
}

/** What hashing takes of the time of an append: the same events, as many at a time, their leaves and the tree and no more. */
export async function merkle(contestants: Contestants, rounds: number): Promise<readonly Figure[]> {
  const batch = commits(CONCURRENT * 100, 1);
  const recorded = batch.flatMap(({ appends }, i) =>
    appends.flatMap(({ stream, events }) =>
      events.map((event) => ({
        event: { ...event, position: i + 1, stream, version: i + 1 },
        data: JSON.stringify(event.data),
      })),
    ),
  );
  const hashing = (): number => {
    let frontier = EMPTY_FRONTIER;
    for (let i = 0; i < recorded.length; i += CONCURRENT) {
      const leaves = recorded.slice(i, i + CONCURRENT).map(({ event, data }) => leafHash(event, data));
      ({ frontier } = appendLeaves(frontier, leaves));
      frontierToBytes(frontier.roots);
    }
    return frontier.size;
  };
  const title = `${contestants.name}: ${CONCURRENT} at a time, to hashing the tree alone`;
  const ours = appending(contestants, batch, CONCURRENT);
  return [against(TREE_SHARE, await compare(title, ours, () => rate(hashing), rounds))];
}

/** So many appenders, each of which waits for its commit before the next. */
export function appending(contestants: Contestants, batch: readonly Commit[], appenders: number): Contestant {
  return async () => {
    const { journal, dispose } = await contestants.open();
    const result = await rate(() => appendAll(journal, batch, appenders));
    await journal.close();
    await dispose();
    return result;
  };
}

/** @returns how many events were appended */
export async function appendAll(journal: Journal, batch: readonly Commit[], appenders: number): Promise<number> {
  const before = await journal.head();
  await Promise.all(Array.from({ length: appenders }, (_, i) => appendInTurn(journal, batch, i, appenders)));
  return (await journal.head()) - before;
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

import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { SERVER_LIMITS, type ServerLimits } from '../actors/roles/rate-limits.ts';
import { KINDS, OVER_THE_LIMIT, type Kind } from './forged/requests.ts';
import { startWorld, type ForgedWorld } from './forged/world.ts';

/**
 * What a message that is not genuine costs the CPNS Server, from the wire to its journal (SQLite) and back to the wire, beside a
 * genuine one: processor time of all threads, medians of rounds in which all kinds take turns.
 */

const ROUNDS = 7;
/** Messages of a kind in one round: as many as may come at once. */
const COUNT = 256;
/** Enough to see that it runs and that each is answered as it should be, and to measure nothing by. */
const QUICK = { rounds: 1, count: 8 } as const;

const anything = { burst: 1_000_000, perSecond: 1_000_000 };
const sender = { requests: anything, frames: anything };
const UNLIMITED: ServerLimits = { device: sender, gateway: sender, registrations: anything };

interface Cost {
  readonly us: number;
  readonly events: number;
}

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { quick: { type: 'boolean', default: false } } });
  const { rounds, count } = values.quick ? QUICK : { rounds: ROUNDS, count: COUNT };
  const [open, limited] = [await startWorld(UNLIMITED), await startWorld(SERVER_LIMITS)];
  try {
    // The first of them are over the burst, and are not measured.
    await limited.send(await OVER_THE_LIMIT.make(limited, SERVER_LIMITS.device.requests.burst));
    const all = [...KINDS.map((kind) => ({ kind, world: open })), { kind: OVER_THE_LIMIT, world: limited }];
    const costs = all.map((): Cost[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, { kind, world }] of all.entries()) {
        const cost = await measure(kind, world, count);
        if (round > 0) costs[index]?.push(cost);
      }
      process.stderr.write('.');
    }
    process.stderr.write('\n');
    report(
      all.map(({ kind }, index) => ({ kind, rounds: costs[index] ?? [] })),
      rounds,
    );
  } finally {
    await open.stop();
    await limited.stop();
  }
}

async function measure(kind: Kind, world: ForgedWorld, count: number): Promise<Cost> {
  const parcels = await kind.make(world, count);
  await world.look();
  const start = process.cpuUsage();
  await world.send(parcels);
  const { user, system } = process.cpuUsage(start);
  const { events, codes } = await world.look();
  if (kind.code !== null && (codes.length !== count || codes.some((code) => code !== kind.code))) {
    throw new Error(`${kind.name}: ${codes.length} answers for ${count}, with the codes ${[...new Set(codes)]}.`);
  }
  return { us: (user + system) / count, events: events / count };
}

function report(measured: readonly { readonly kind: Kind; readonly rounds: readonly Cost[] }[], rounds: number): void {
  const costs = measured.map(({ kind, rounds: each }) => ({
    name: kind.name,
    against: kind.against,
    us: Math.round(median(each.map(({ us }) => us))),
    eventsPerMessage: Number(median(each.map(({ events }) => events)).toFixed(2)),
  }));
  const usOf = (name: string): number => costs.find((cost) => cost.name === name)?.us ?? Number.NaN;
  const figures = costs.map((cost) => {
    return { ...cost, ratio: cost.against === null ? 1 : Number((cost.us / usOf(cost.against)).toFixed(3)) };
  });
  process.stdout.write(`Processor time of the server for one message, medians of ${rounds} rounds\n`);
  const line = (cells: readonly (string | number)[]): string => {
    const [name = '', against = '', ...rest] = cells;
    return `${String(name).padEnd(38)}${String(against).padEnd(22)}${rest.map((cell) => String(cell).padStart(10)).join('')}\n`;
  };
  process.stdout.write(line(['', 'against', 'us', 'ratio', 'events']));
  for (const { name, against, us, ratio, eventsPerMessage } of figures) {
    process.stdout.write(line([name, against ?? '', us, ratio.toFixed(2), eventsPerMessage.toFixed(2)]));
  }
  const greatestRatio = Math.max(...figures.flatMap(({ against, ratio }) => (against === null ? [] : [ratio])));
  process.stdout.write(`The dearest of what is not genuine costs ${greatestRatio.toFixed(2)} of a genuine one\n`);
  const machine = { node: process.version, cores: availableParallelism(), loadAverage: loadavg() };
  process.stdout.write(`${JSON.stringify({ benchmark: 'forged', rounds, ...machine, greatestRatio, figures })}\n`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EVENTS_PER_REGISTRATION, checkJournals, countRows } from './registration/check.ts';
import type { Contestant } from './registration/contestant.ts';
import { startFloor } from './registration/floor.ts';
import { cpuMs } from './registration/cpu.ts';
import type { Loaded } from './registration/load.ts';
import { writeOperatorDirectory } from './registration/operator.ts';
import { startOurs } from './registration/ours.ts';

/**
 * PNs that the devices are spread over, some 60 to each. The server works on different PNs side by side, the PN GW on
 * all in turn.
 */
const PNS = 50;
/** Registrations at 256 in flight; the smaller loads are parts of it. */
const DEFAULT_REGISTRATIONS = 1_536;
const DEFAULT_ROUNDS = 5;
/**
 * Before anything is measured: what is compiled and cached in a process that runs for hours. After 1,000 registrations
 * ours still takes a tenth more time for each than after 3,000.
 */
const WARM_UP = { count: 2_048, inFlight: 128 } as const;

type Side = 'ours' | 'floor';

interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of all its processes for one registration; NaN where the system does not tell. */
  readonly cpuMs: number;
}

interface Round {
  readonly ours: readonly Run[];
  readonly floor: readonly Run[];
}

/** Registrations through server, PN GW and PNE processes over a real nats-server, each beside the same flow by hand. */
export async function run(args: readonly string[] = []): Promise<void> {
  const { rounds, registrations } = options(args);
  const loads = [
    { inFlight: 1, count: Math.ceil(registrations / 16) },
    { inFlight: 32, count: Math.ceil(registrations / 2) },
    { inFlight: 256, count: registrations },
  ];
  const devices = WARM_UP.count + loads.reduce((sum, { count }) => sum + count, 0);
  const dir = mkdtempSync(join(tmpdir(), 'cpns-bench-'));
  const done: Round[] = [];
  let repeated = 0;
  try {
    const operator = join(dir, 'operator');
    mkdirSync(operator);
    writeOperatorDirectory(operator, { pns: PNS, devices });
    for (let index = 0; index < rounds; index++) {
      process.stderr.write(`round ${index + 1} of ${rounds}, load average ${loadavg()[0]?.toFixed(1)}:`);
      const { round, more } = await oneRound(operator, join(dir, `round-${index}`), devices, loads, index);
      done.push(round);
      repeated += more;
      process.stderr.write('\n');
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
  report(done, loads, repeated);
}

function options(args: readonly string[]): { readonly rounds: number; readonly registrations: number } {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, registrations: { type: 'string' } },
  });
  const number = (text: string | undefined, otherwise: number): number =>
    text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : otherwise;
  return {
    rounds: number(values.rounds, DEFAULT_ROUNDS),
    registrations: number(values.registrations, DEFAULT_REGISTRATIONS),
  };
}

type Loads = readonly { readonly inFlight: number; readonly count: number }[];

/** Both stand side by side with fresh journals; each load is put on one while the other idles, then on the other. */
async function oneRound(operator: string, dir: string, devices: number, loads: Loads, index: number) {
  const sides: { readonly side: Side; readonly contestant: Contestant }[] = [];
  const dirOf = (side: Side): string => {
    mkdirSync(join(dir, side), { recursive: true });
    return join(dir, side);
  };
  try {
    sides.push({ side: 'floor', contestant: await startFloor(operator, dirOf('floor')) });
    sides.push({ side: 'ours', contestant: await startOurs(operator, dirOf('ours'), devices) });
    const before = sides.map(({ contestant }) => countRows(contestant.journals));
    for (const { contestant } of sides) await contestant.load(WARM_UP);
    const round: { readonly [S in Side]: Run[] } = { ours: [], floor: [] };
    for (const [i, load] of loads.entries()) {
      for (const { side, contestant } of (index + i) % 2 === 0 ? sides : sides.toReversed()) {
        const cpuBefore = cpuMs(contestant.pids);
        const loaded = await contestant.load(load);
        const cpu = (cpuMs(contestant.pids) ?? Number.NaN) - (cpuBefore ?? Number.NaN);
        const measured = toRun(load.count, loaded, cpu);
        round[side].push(measured);
        process.stderr.write(` ${side} ${load.inFlight}: ${measured.perSecond.toFixed(0)}/s`);
      }
    }
    let more = 0;
    for (const [i, { contestant }] of sides.entries())
      more += checkJournals(contestant.journals, before[i] ?? new Map(), devices);
    return { round, more };
  } finally {
    for (const { contestant } of sides) await contestant.stop();
  }
}

function toRun(count: number, { elapsedMs, latenciesMs }: Loaded, cpu: number): Run {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { perSecond: (count * 1_000) / elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99), cpuMs: cpu / count };
}

function report(rounds: readonly Round[], loads: Loads, repeated: number): void {
  const figures = loads.map(({ inFlight, count }, i) => {
    const of = (side: Side) => {
      const middle = (what: keyof Run): number => median(rounds.map((round) => round[side][i]?.[what] ?? Number.NaN));
      const perSecond = middle('perSecond');
      return {
        registrationsPerSecond: rounded(perSecond),
        eventsPerSecond: Math.round(perSecond * EVENTS_PER_REGISTRATION),
        p50Ms: rounded(middle('p50Ms')),
        p99Ms: rounded(middle('p99Ms')),
        cpuMs: Number(middle('cpuMs').toFixed(2)),
        rounds: rounds.map((round) => rounded(round[side][i]?.perSecond ?? Number.NaN)),
      };
    };
    const [ours, floor] = [of('ours'), of('floor')];
    // Of the medians; beside it the median of the rounds' ratios, and of the processor time, which other work on the machine disturbs least.
    const ratio = Number((ours.registrationsPerSecond / floor.registrationsPerSecond).toFixed(3));
    const pairs = rounds.map(({ ours, floor }) => (ours[i]?.perSecond ?? 0) / (floor[i]?.perSecond ?? 0));
    const cpuRatio = Number((floor.cpuMs / ours.cpuMs).toFixed(3));
    const pairedRatio = Number(median(pairs).toFixed(3));
    return { inFlight, registrations: count, ours, floor, ratio, pairedRatio, cpuRatio };
  });
  process.stdout.write(
    `Registrations of members in ${PNS} PNs through one PN GW, medians of ${rounds.length} rounds;\n`,
  );
  process.stdout.write(`${EVENTS_PER_REGISTRATION} events each; floor: the same flow by hand\n`);
  process.stdout.write('The rate limit of the PN GW is set out of reach; that of each device is the usual one\n');
  const line = (cells: readonly (string | number)[]): string =>
    `${cells.map((cell) => String(cell).padStart(12)).join('')}\n`;
  process.stdout.write(line(['in flight', '', 'per second', 'events/s', 'p50 ms', 'p99 ms', 'CPU ms', 'ratio']));
  for (const { inFlight, ours, floor, ratio } of figures) {
    const cells = ({ registrationsPerSecond, eventsPerSecond, p50Ms, p99Ms, cpuMs: cpu }: typeof ours) =>
      [registrationsPerSecond, eventsPerSecond, p50Ms, p99Ms, cpu] as const;
    process.stdout.write(line([inFlight, 'ours', ...cells(ours), ratio.toFixed(2)]));
    process.stdout.write(line(['', 'floor', ...cells(floor), '']));
  }
  const machine = { node: process.version, cores: availableParallelism(), loadAverage: loadavg() };
  const setting = { pns: PNS, gateways: 1, eventsPerRegistration: EVENTS_PER_REGISTRATION, repeatedEvents: repeated };
  process.stdout.write(`${JSON.stringify({ benchmark: 'registration', ...machine, ...setting, figures })}\n`);
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (below + above) / 2;
}

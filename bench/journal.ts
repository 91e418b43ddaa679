import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { memory, loading } from './journal/actors.ts';
import { append, groupCommit, merkle } from './journal/appending.ts';
import type { Contestants } from './journal/contestants.ts';
import { growth } from './journal/growth.ts';
import { postgres } from './journal/postgres.ts';
import { reading } from './journal/reading.ts';
import { sqlite } from './journal/sqlite.ts';
import { ROUNDS, writeTable, type Figure } from './measure/compare.ts';

interface Settings {
  readonly rounds: number;
  /** How far the journal grows. */
  readonly events: number;
  readonly actors: number;
}

/** What is measured, by the name that `--only` takes. */
const PARTS: Readonly<Record<string, (contestants: Contestants, settings: Settings) => Promise<readonly Figure[]>>> = {
  append: (contestants, { rounds }) => append(contestants, rounds),
  group: (contestants, { rounds }) => groupCommit(contestants, rounds),
  merkle: (contestants, { rounds }) => merkle(contestants, rounds),
  reading: (contestants, { rounds }) => reading(contestants, rounds),
  loading: (contestants, { rounds }) => loading(contestants, rounds),
  memory: (contestants, { actors }) => memory(contestants, actors),
  growth: (contestants, { rounds, events }) => growth(contestants, rounds, events),
};
const DATABASES: Readonly<Record<string, () => Promise<Contestants>>> = { sqlite: async () => sqlite, postgres };

const HELP = `Usage: npm run bench -- journal [--only PART,...] [--on sqlite|postgres] [--rounds N] [--events N] [--actors N]
PART is one of: ${Object.keys(PARTS).join(', ')}. --events: how far a journal grows, up to 3000000 (default 100000); --actors: in memory (default 20000).
`;

/** This journal on each database, beside the same rows by hand. */
export async function run(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return;
  }
  const asked = settingsOf(args);
  if (asked === null) {
    process.stderr.write(HELP);
    process.exitCode = 2;
    return;
  }
  const figures: Figure[] = [];
  for (const database of asked.on) {
    const contestants = await DATABASES[database]?.();
    if (contestants === undefined) continue;
    try {
      for (const part of asked.only) figures.push(...((await PARTS[part]?.(contestants, asked)) ?? []));
    } finally {
      await contestants.close();
    }
  }
  report(figures, asked);
}

/** Null where a flag or its value is none. */
function settingsOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { only: text, on: text, rounds: text, events: text, actors: text },
    });
    const number = (value: string | undefined, otherwise: number): number => Number(value ?? otherwise);
    const settings = {
      only: values.only?.split(',') ?? Object.keys(PARTS),
      on: values.on?.split(',') ?? Object.keys(DATABASES),
      rounds: number(values.rounds, ROUNDS),
      events: number(values.events, 100_000),
      actors: number(values.actors, 20_000),
    };
    const { only, on, rounds, events, actors } = settings;
    const isRight =
      only.every((part) => Object.hasOwn(PARTS, part)) &&
      on.every((database) => Object.hasOwn(DATABASES, database)) &&
      [rounds, events, actors].every((value) => Number.isInteger(value) && value > 0);
    return isRight ? settings : null;
  } catch {
    return null;
  }
}

function report(figures: readonly Figure[], { rounds }: Settings): void {
  process.stdout.write(
    `Events per second, medians of ${rounds} alternating rounds; floor: by hand on node:sqlite and pg, or what the line says\n`,
  );
  writeTable(figures, 'this journal');
  const machine = { node: process.version, cores: availableParallelism() };
  process.stdout.write(`${JSON.stringify({ benchmark: 'journal', rounds, ...machine, figures })}\n`);
}

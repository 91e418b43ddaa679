import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs, promisify } from 'node:util';
import { openSqliteReader } from '../journal/sqlite/open.ts';
import { ConformancePass } from '../replay/conformance.ts';
import { Findings } from '../replay/finding.ts';
import { verifyIntegrity } from '../replay/integrity.ts';
import { RULES } from '../replay/rules/all.ts';
import { Watches } from '../replay/rules/watch.ts';
import { Scratch } from '../replay/scratch/scratch.ts';
import { walk, type JournalSource } from '../replay/source.ts';
import { sqlSource } from '../replay/sources/sql.ts';
import { momentOf } from '../replay/moment.ts';
import { viewOf } from '../replay/view.ts';
import { against, atLeast, compare, rate, ROUNDS, writeTable } from './measure/compare.ts';
import { LONG_PN, LONG_REGISTRATION } from './replay/long-stream.ts';
import { store } from './replay/store.ts';

/** Both flows with failures, of some 1,600 households, and one PN of very many registrations. */
const STORED = 100_000;
const PAGE = 1_000;
const HELP = `Usage: npm run bench -- replay [--events N] [--rounds N]
--events: also \`cpns replay verify\` and \`state --at\` of a journal of so many (default: state --at of ${STORED}).
`;
/** Bars of a large journal, of the process as a whole. */
const MOST_MS = 1_000;
const MOST_MEGABYTES = 400;

/**
 * `npm run bench -- replay [--events N]`: events a second of an audit, beside whoever reads the rows in order and parses
 * them, and how long one waits for the state of an actor. With `--events` also how much memory `cpns replay verify` takes
 * of a journal of so many.
 */
export async function run(args: readonly string[]): Promise<void> {
  const asked = settingsOf(args);
  if (asked === null) {
    process.stderr.write(HELP);
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'cpns-bench-'));
  try {
    await measure(folder, asked);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Settings {
  readonly rounds: number;
  /** Of the large journal; null: there is none. */
  readonly events: number | null;
}

/** Null where a flag or its value is none. */
function settingsOf(args: readonly string[]): Settings | null {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ args: [...args], options: { events: text, rounds: text } });
    const rounds = Number(values.rounds ?? ROUNDS);
    const events = values.events === undefined ? null : Number(values.events);
    return [rounds, events ?? 1].every((value) => Number.isInteger(value) && value > 0) ? { rounds, events } : null;
  } catch {
    return null;
  }
}

async function measure(folder: string, { rounds, events }: Settings): Promise<void> {
  const file = join(folder, 'journal.sqlite');
  const stored = await store(file, STORED);
  const source = await sqlSource('journal', await openSqliteReader(file));
  const floor = (): Promise<number> => rate(() => readByHand(file));
  const figures = [
    against(atLeast(0.3), await compare('verify', () => rate(() => verified(source)), floor, rounds)),
    against(atLeast(0.2), await compare('conformance', () => rate(() => conforming(source)), floor, rounds)),
    await compare(
      'state --at, no snapshots',
      () => rate(() => folded(source, LONG_REGISTRATION)),
      () => rate(() => readStreamByHand(file, LONG_REGISTRATION)),
      rounds,
    ),
  ];
  await source.close();
  process.stdout.write(`Events per second, medians of ${rounds} alternating rounds over ${stored} events;\n`);
  process.stdout.write(`floor: the rows in order by node:sqlite, the data of each by JSON.parse\n`);
  writeTable(figures, 'audit');
  const largest = events === null ? file : join(folder, 'large.sqlite');
  const all = events === null ? stored : await store(largest, events);
  const states = await statesOf(largest, all);
  for (const { at, ms, loadedMs } of states)
    tell(
      `cpns replay state --at ${at} --pn ${LONG_PN}, of ${all} events, after ${loadedMs} ms of loading sources`,
      ms,
      MOST_MS,
      'ms',
    );
  const memory = events === null ? null : await replay('verify', largest);
  if (memory !== null) {
    const { megabytes, ms } = memory;
    tell(`cpns replay verify of ${all} events, ${Math.round(ms / 1_000)} s, memory`, megabytes, MOST_MEGABYTES, 'MB');
  }
  const machine = { node: process.version, cores: availableParallelism() };
  process.stdout.write(
    `${JSON.stringify({ benchmark: 'replay', rounds, ...machine, figures, large: { events: all, states, verify: memory } })}\n`,
  );
}

function tell(what: string, value: number, most: number, unit: string): void {
  const reached = value < most ? 'yes' : 'NO';
  process.stdout.write(`${what}: ${value} ${unit}; bar: under ${most} ${unit}, reached: ${reached}\n`);
}

/** Of the PN with its registrations, in the middle of the journal and at its end, as whole commands. */
async function statesOf(file: string, events: number) {
  const states = [];
  for (const at of [Math.round(events / 2), events]) {
    const { ms, loadedMs } = await replay('state', file, '--pn', LONG_PN, '--at', `${at}`);
    states.push({ at, ms: ms - loadedMs, loadedMs });
  }
  return states;
}

/** A command in a process of its own, which tells at its end what it took. */
async function replay(
  ...args: readonly string[]
): Promise<{ readonly megabytes: number; readonly ms: number; readonly loadedMs: number }> {
  const child = join(import.meta.dirname, 'replay', 'child.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [child, ...args]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function readByHand(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const page = db.prepare('select * from events where position > ? order by position limit ?');
  let read = 0;
  for (let after = 0; ;) {
    const rows = page.all(after, PAGE);
    for (const { data } of rows) JSON.parse(String(data));
    read += rows.length;
    if (rows.length < PAGE) break;
    after = Number(rows.at(-1)?.['position']);
  }
  db.close();
  return read;
}

function readStreamByHand(file: string, stream: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare('select * from events where stream = ? order by version').all(stream);
  for (const { data } of rows) JSON.parse(String(data));
  db.close();
  return rows.length;
}

async function folded(source: JournalSource, stream: string): Promise<number> {
  const { version, state } = await momentOf(viewOf(source, 'fromEvents'), stream, source.head.last);
  if (state === null) throw new Error(`The stream ${stream} of the benchmark does not fold.`);
  return version;
}

async function verified(source: JournalSource): Promise<number> {
  const { events, faults } = await verifyIntegrity(source, []);
  if (faults.length > 0) throw new Error(`The journal of the benchmark is not whole: ${JSON.stringify(faults[0])}`);
  return events;
}

async function conforming(source: JournalSource): Promise<number> {
  const scratch = new Scratch();
  const findings = new Findings(1);
  const desk = { scratch, report: findings.report, doubt: () => {} };
  const rules = RULES.filter(({ scope }) => scope !== 'between').map((rule) => ({ rule, watch: rule.watch(desk) }));
  const pass = new ConformancePass(0, { report: findings.report, watches: new Watches(rules), scratch });
  await walk(source, [pass]);
  for (const { watch } of rules) watch.end?.();
  scratch.close();
  const [found] = findings.kept;
  if (found !== undefined) throw new Error(`The journal of the benchmark does not conform: ${JSON.stringify(found)}`);
  return source.head.last;
}

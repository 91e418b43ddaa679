import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { JsonObject, RecordedEvent } from '../events/journal/port.ts';
import { openSqliteJournal, openSqliteReader } from '../events/journal/sqlite/open.ts';
import { ConformancePass } from '../replay/conformance.ts';
import { Findings } from '../replay/finding.ts';
import { verifyIntegrity } from '../replay/integrity.ts';
import { RULES } from '../replay/rules/all.ts';
import { Watches } from '../replay/rules/watch.ts';
import { Scratch } from '../replay/scratch/scratch.ts';
import { walk, type JournalSource } from '../replay/source.ts';
import { sqlSource } from '../replay/sources/sql.ts';
import { households } from '../test/replay/load.ts';
import { generated } from '../test/replay/mutations/base.ts';
import { compare, rate, ROUNDS, writeTable } from './measure/compare.ts';

/** Both flows with failures, of some 1,600 households. */
const STORED = 100_000;
const PAGE = 1_000;

/**
 * `npm run bench -- replay [--events N]`: events a second of an audit, beside whoever reads the rows in order and parses
 * them. With `--events` also how much memory `cpns replay verify` takes of a journal of so many.
 */
export async function run(args: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cpns-bench-'));
  try {
    await measure(folder, args[0] === '--events' ? Number(args[1]) : null);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(folder: string, large: number | null): Promise<void> {
  const file = join(folder, 'journal.sqlite');
  const stored = await store(file, STORED);
  const source = await sqlSource('journal', await openSqliteReader(file));
  const floor = (): Promise<number> => rate(() => readByHand(file));
  const figures = [
    await compare('verify', () => rate(() => verified(source)), floor),
    await compare('conformance', () => rate(() => conforming(source)), floor),
  ];
  await source.close();
  process.stdout.write(`Events per second, medians of ${ROUNDS} alternating rounds over ${stored} events;\n`);
  process.stdout.write(`floor: the rows in order by node:sqlite, the data of each by JSON.parse\n`);
  writeTable(figures, 'audit');
  const memory = large === null ? null : await memoryOf(folder, large);
  if (memory !== null) {
    const { events, megabytes, seconds } = memory;
    process.stdout.write(`cpns replay verify of ${events} events: ${megabytes} MB at most, ${seconds} s\n`);
  }
  const machine = { node: process.version, cores: availableParallelism() };
  process.stdout.write(`${JSON.stringify({ benchmark: 'replay', rounds: ROUNDS, ...machine, figures, memory })}\n`);
}

async function store(file: string, events: number): Promise<number> {
  const [server] = await generated('load');
  const lived = (server?.rows.events ?? []).map((event): RecordedEvent => {
    const data: JsonObject = JSON.parse(event.data);
    return { ...event, data };
  });
  const journal = await openSqliteJournal(file);
  for (const commit of households(lived, events)) await journal.commit(commit);
  const head = await journal.head();
  await journal.close();
  return head;
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

/** In a process of its own, which tells at its end how much it ever had. */
async function memoryOf(folder: string, events: number) {
  const file = join(folder, 'large.sqlite');
  const stored = await store(file, events);
  const child = join(import.meta.dirname, 'replay', 'child.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [child, file]);
  const told: { readonly megabytes: number; readonly seconds: number } = JSON.parse(
    stdout.trim().split('\n').at(-1) ?? '',
  );
  return { events: stored, ...told };
}

import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { compare, ROUNDS, writeTable, type Figure } from './measure/compare.ts';
import { frames } from './security/frames.ts';
import { handshakes } from './security/handshakes.ts';
import { messages } from './security/messages.ts';
import { assertEqualResults, assertTellsApart, type Pair } from './security/pair.ts';

/** Processor time that one contestant of a pair has at a time. */
const RUN_MS = 100;
/** Between two looks at the clock, which take 1 us each. */
const BATCH = 16;
/** Enough to see that it runs, and to measure nothing by. */
const QUICK = { rounds: 1, runMs: 2 } as const;

/** Handshakes, frames and messages, each beside the bare calls of node:crypto or noble on the same inputs. */
export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { quick: { type: 'boolean', default: false } } });
  const { rounds, runMs } = values.quick ? QUICK : { rounds: ROUNDS, runMs: RUN_MS };
  const pairs = [...handshakes(), ...frames(), ...messages()];
  for (const pair of pairs) {
    assertEqualResults(pair);
    assertTellsApart(pair);
  }
  const figures: Figure[] = [];
  for (const { name, ours, floor } of pairs) {
    figures.push(
      await compare(
        name,
        () => perSecond(ours, runMs),
        () => perSecond(floor, runMs),
        rounds,
      ),
    );
  }
  report(figures, rounds);
}

/** By processor time, all threads of this process: what else runs on the machine disturbs that least. */
function perSecond(work: Pair['ours'], runMs: number): Promise<number> {
  const start = process.cpuUsage();
  let done = 0;
  let usedUs = 0;
  while (usedUs < runMs * 1_000) {
    for (let i = 0; i < BATCH; i++) work();
    done += BATCH;
    const { user, system } = process.cpuUsage(start);
    usedUs = user + system;
  }
  return Promise.resolve((done * 1e6) / usedUs);
}

function report(figures: readonly Figure[], rounds: number): void {
  const of = (name: string): number => figures.find((figure) => figure.name === name)?.ours ?? Number.NaN;
  const bothUs = Math.round(1e6 / of('NNpsk0, initiator') + 1e6 / of('NNpsk0, responder'));
  const leastRatio = Math.min(...figures.map(({ ratio }) => ratio));
  process.stdout.write(
    `Per second of processor time, medians of ${rounds} alternating rounds; floor: bare calls on the same inputs\n`,
  );
  writeTable(figures, 'ours');
  process.stdout.write(`NNpsk0, both sides: ${(bothUs / 1_000).toFixed(2)} ms; least ratio ${leastRatio}\n`);
  const machine = { node: process.version, cores: availableParallelism(), loadAverage: loadavg() };
  const summary = { nnpsk0BothSidesUs: bothUs, leastRatio };
  process.stdout.write(`${JSON.stringify({ benchmark: 'security', rounds, ...machine, ...summary, figures })}\n`);
}

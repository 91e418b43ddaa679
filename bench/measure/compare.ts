/** Rounds of each pair; the median is told. */
export const ROUNDS = 7;

/** One run of a contestant: what it does per second. */
export type Contestant = () => Promise<number>;

export interface Figure {
  readonly name: string;
  /** Per second, medians of the rounds. */
  readonly ours: number;
  readonly floor: number;
  /** Median of the ratios of the rounds, ours to floor. */
  readonly ratio: number;
  /** What the ratio is to be; none where it is told for its own sake. */
  readonly bar?: Bar;
  readonly reached?: boolean;
}

export interface Bar {
  readonly is: 'at least' | 'at most';
  readonly ratio: number;
}
export const atLeast = (ratio: number): Bar => ({ is: 'at least', ratio });
export const atMost = (ratio: number): Bar => ({ is: 'at most', ratio });

/** The figure beside what it is to be. */
export function against(bar: Bar, figure: Figure): Figure {
  const reached = bar.is === 'at least' ? figure.ratio >= bar.ratio : figure.ratio <= bar.ratio;
  return { ...figure, bar, reached };
}

/** Lets both run in alternation, each first in every other round, after one round that does not count. */
export async function compare(
  name: string,
  ours: Contestant,
  floor: Contestant,
  rounds: number = ROUNDS,
): Promise<Figure> {
  const rates: { readonly ours: number; readonly floor: number }[] = [];
  process.stderr.write(`${name}, ${rounds} rounds: `);
  for (let round = 0; round <= rounds; round++) {
    process.stderr.write('.');
    const first = round % 2 === 0 ? await ours() : await floor();
    const second = round % 2 === 0 ? await floor() : await ours();
    if (round > 0) rates.push(round % 2 === 0 ? { ours: first, floor: second } : { ours: second, floor: first });
  }
  process.stderr.write('\n');
  return {
    name,
    ours: Math.round(median(rates.map((rate) => rate.ours))),
    floor: Math.round(median(rates.map((rate) => rate.floor))),
    ratio: Number(median(rates.map((rate) => rate.ours / rate.floor)).toFixed(3)),
  };
}

/** What `work` does per second; it tells how much it did. */
export async function rate(work: () => Promise<number> | number): Promise<number> {
  const start = process.hrtime.bigint();
  const done = await work();
  return (done * 1e9) / Number(process.hrtime.bigint() - start);
}

/** The figures as a table, ours beside the floor. */
export function writeTable(figures: readonly Figure[], ours: string): void {
  const width = 2 + Math.max(...figures.map(({ name }) => name.length));
  const line = (cells: readonly string[]): string => {
    const [name = '', ...rest] = cells;
    return `${name.padEnd(width)}${rest.map((cell) => cell.padStart(16)).join('')}\n`;
  };
  const number = (value: number): string => value.toLocaleString('en-US');
  const isJudged = figures.some(({ bar }) => bar !== undefined);
  process.stdout.write(line(['', ours, 'floor', 'ratio', ...(isJudged ? ['bar', 'reached'] : [])]));
  for (const { name, ours: rate, floor, ratio, bar, reached } of figures) {
    const judged = bar === undefined ? [] : [`${bar.is} ${bar.ratio}`, reached === true ? 'yes' : 'NO'];
    process.stdout.write(line([name, number(rate), number(floor), ratio.toFixed(2), ...judged]));
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Rounds of each pair; the median is told. */
export const ROUNDS = 7;

/** One run of a contestant: how many events it did and how long that took. */
export type Contestant = () => Promise<number>;

export interface Figure {
  readonly name: string;
  /** Events per second, medians of the rounds. */
  readonly ours: number;
  readonly floor: number;
  /** Median of the ratios of the rounds, ours to floor. */
  readonly ratio: number;
}

/** Lets both run in alternation, each first in every other round, after one round that does not count. */
export async function compare(name: string, ours: Contestant, floor: Contestant): Promise<Figure> {
  const rates: { readonly ours: number; readonly floor: number }[] = [];
  process.stderr.write(`${name}, ${ROUNDS} rounds: `);
  for (let round = 0; round <= ROUNDS; round++) {
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

/** Events per second of `work`, which tells how many events it did. */
export async function rate(work: () => Promise<number> | number): Promise<number> {
  const start = process.hrtime.bigint();
  const events = await work();
  return (events * 1e9) / Number(process.hrtime.bigint() - start);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

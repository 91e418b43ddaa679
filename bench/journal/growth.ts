import type { Journal } from '../../journal/port.ts';
import { against, atLeast, compare, rate, type Figure } from '../measure/compare.ts';
import { appendAll } from './appending.ts';
import type { Contestants } from './contestants.ts';
import { Series } from './data.ts';

/** What a small journal has; it grows by what is measured on it. */
const SMALL = 10_000;
/** How the large one grows: sizes at which the two are compared, as far as the flag `--events` goes. */
const SIZES = [100_000, 300_000, 1_000_000, 3_000_000] as const;
/** An append may cost 1.3 times as much as on a small journal. */
const FLAT = atLeast(Number((1 / 1.3).toFixed(2)));

const APPENDERS = 64;
const MEASURED = APPENDERS * 50;
/** Events per commit while a journal is filled. */
const FILL_SIZE = 1_000;
const FILLERS = 4;

/** Appends on a journal that grows, beside those on a small one. */
export async function growth(contestants: Contestants, rounds: number, most: number): Promise<readonly Figure[]> {
  const small = await grown(contestants);
  const large = await grown(contestants);
  const figures: Figure[] = [];
  await small.fill(SMALL);
  for (const size of SIZES.filter((each) => each <= most)) {
    process.stderr.write(`${contestants.name}: filling a journal up to ${size} events\n`);
    await large.fill(size);
    const title = `${contestants.name}: ${APPENDERS} at a time at ${size.toLocaleString('en-US')} events, to a small journal`;
    figures.push(against(FLAT, await compare(title, large.append, small.append, rounds)));
  }
  await small.dispose();
  await large.dispose();
  return figures;
}

async function grown(contestants: Contestants) {
  const { journal, dispose } = await contestants.open();
  const series = new Series();
  return {
    fill: async (size: number): Promise<void> => {
      while (series.events < size) {
        const left = size - series.events;
        const each = Math.min(FILL_SIZE, left);
        await appendTogether(journal, series, Math.min(FILLERS, Math.ceil(left / each)), each);
      }
    },
    append: (): Promise<number> => {
      const batch = series.next(MEASURED, 1);
      return rate(() => appendAll(journal, batch, APPENDERS));
    },
    dispose: async (): Promise<void> => {
      await journal.close();
      await dispose();
    },
  };
}

async function appendTogether(journal: Journal, series: Series, count: number, size: number): Promise<void> {
  await appendAll(journal, series.next(count, size), count);
}

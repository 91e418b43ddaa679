import { generated } from '../test/replay/mutations/base.ts';
import { campaign, type Tally } from '../test/replay/mutations/campaign.ts';

/**
 * `npm run mutations [-- CHANGES SEED]`: how many of so many single random changes of journals an audit finds, by kind.
 * What has to be found is: each change by somebody who leaves the hashes as they were, and with the keys and a checkpoint that
 * was kept, each change by somebody who makes all of them anew. The last column is what rules alone tell.
 */
const [changes = '1000', seed = 'mutations'] = process.argv.slice(2);
const bases = [await generated(`${seed} 1`), await generated(`${seed} 2`)];
const started = Date.now();
const { tallies, missed } = await campaign(bases, Number(changes), seed, (done) => {
  if (done % 100 === 0)
    process.stderr.write(`${done} of ${changes}, ${Math.round((Date.now() - started) / 1_000)} s\n`);
});

const COLUMNS: readonly (keyof Tally['found'])[] = ['careless, bare', 'careful, kept', 'careful, bare'];
const HEADINGS = ['hashes left', 'anew, signed head', 'anew, no key'];
const line = (cells: readonly (number | string)[]): string =>
  `${String(cells[0]).padEnd(34)}${cells
    .slice(1)
    .map((cell) => String(cell).padStart(20))
    .join('')}\n`;

process.stdout.write(line(['found of single random changes', 'made', ...HEADINGS]));
for (const { kind, made, found } of tallies) {
  process.stdout.write(line([kind, made, ...COLUMNS.map((column) => found[column])]));
}
const sum = (of: (tally: Tally) => number): number => tallies.reduce((all, tally) => all + of(tally), 0);
process.stdout.write(
  line(['all', sum(({ made }) => made), ...COLUMNS.map((column) => sum(({ found }) => found[column]))]),
);
for (const one of missed) process.stdout.write(`not found: ${one}\n`);
process.exitCode = missed.length === 0 ? 0 : 1;

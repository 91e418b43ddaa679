import { parseArgs } from 'node:util';
import { demonstrated } from '../test/end-to-end/demonstrated.ts';
import { generated } from '../test/replay/mutations/base.ts';
import { campaign, sum } from '../test/replay/mutations/campaign.ts';
import { campaignTable } from '../test/replay/mutations/table.ts';

/**
 * `npm run mutations [-- --changes N --seed TEXT]`: how many of so many single random changes of journals, of generated load
 * and of a demo, an audit finds, by kind. It must find each change by somebody who leaves the hashes as they were, and with
 * the keys and a checkpoint that was kept, each change by somebody who makes all of them anew. The last column shows what
 * rules alone find.
 */
export async function run(args: readonly string[] = []): Promise<void> {
  const options = {
    changes: { type: 'string', default: '1060' },
    seed: { type: 'string', default: 'mutations' },
  } as const;
  const { changes, seed } = parseArgs({ args: [...args], options }).values;
  const bases = [await demonstrated(), await generated(`${seed} 1`), await generated(`${seed} 2`)];
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 1_000);
  const { missed, ...tallies } = await campaign(bases, Number(changes), seed, (made) => {
    if (made % 100 === 0) process.stderr.write(`${made} of ${changes}, ${seconds()} s\n`);
  });
  process.stdout.write(campaignTable({ missed, ...tallies }));
  process.stdout.write(
    `${JSON.stringify({ bench: 'mutations', seed, missed: missed.length, seconds: seconds(), ...sum(tallies.byKind.values()) })}\n`,
  );
  process.exitCode = missed.length === 0 ? 0 : 1;
}

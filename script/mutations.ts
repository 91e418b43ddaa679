import { demonstrated } from '../test/end-to-end/demonstrated.ts';
import { generated } from '../test/replay/mutations/base.ts';
import { campaign } from '../test/replay/mutations/campaign.ts';
import { campaignTable } from '../test/replay/mutations/table.ts';

/**
 * `npm run mutations [-- CHANGES SEED]`: how many of so many single random changes of journals, of generated load and of a demo,
 * an audit finds, by kind. What has to be found is: each change by somebody who leaves the hashes as they were, and with the
 * keys and a checkpoint that was kept, each change by somebody who makes all of them anew. The last column is what rules
 * alone tell.
 */
const [changes = '1060', seed = 'mutations'] = process.argv.slice(2);
const bases = [await demonstrated(), await generated(`${seed} 1`), await generated(`${seed} 2`)];
const started = Date.now();
const done = await campaign(bases, Number(changes), seed, (made) => {
  if (made % 100 === 0)
    process.stderr.write(`${made} of ${changes}, ${Math.round((Date.now() - started) / 1_000)} s\n`);
});
process.stdout.write(campaignTable(done));
process.exitCode = done.missed.length === 0 ? 0 : 1;

import { expect, test } from 'vitest';
import { generated } from '../replay/mutations/base.ts';
import { campaign, sum } from '../replay/mutations/campaign.ts';
import { campaignTable } from '../replay/mutations/table.ts';
import { demonstrated } from './demonstrated.ts';

/** Of a hash that is changed and made anew nothing is left: one in twenty. */
const CHANGES = 1_060;

/** `npm run mutations` prints the same table for other seeds. */
test(
  'of 1,000 single changes of journals of a demo and of generated load an audit finds every one, by whoever leaves the hashes and by whoever makes them anew',
  { timeout: 400_000 },
  async () => {
    const bases = [await demonstrated(), await generated('base 1'), await generated('base 2')];
    const done = await campaign(bases, CHANGES, 'test');
    process.stdout.write(campaignTable(done));
    expect(done.missed).toEqual([]);
    const all = sum(done.byKind.values());
    expect(all['careless, bare'].made).toBe(CHANGES);
    expect(all['careful, kept'].made).toBeGreaterThanOrEqual(1_000);
    expect([...done.byJournal.keys()].toSorted()).toEqual(['gateway', 'pnes', 'server']);
  },
);

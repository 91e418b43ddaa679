import { expect, test } from 'vitest';
import { generated } from '../replay/mutations/base.ts';
import { campaign } from '../replay/mutations/campaign.ts';

/** `npm run mutations` prints the same as a table. */
test('of 1,000 single changes of journals an audit finds every one', { timeout: 300_000 }, async () => {
  const bases = [await generated('base 1'), await generated('base 2')];
  const { tallies, missed } = await campaign(bases, 1_000, 'test');
  expect(missed).toEqual([]);
  expect(tallies.reduce((all, { made }) => all + made, 0)).toBe(1_000);
});

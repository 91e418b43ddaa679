import { sum, WHO, type Campaign, type Tally, type Who } from './campaign.ts';

const HEADINGS: { readonly [who in Who]: string } = {
  'careless, bare': 'hashes left',
  'careful, kept': 'anew, signed head',
  'careful, bare': 'anew, no key',
};
const NAME_WIDTH = 34;
const COLUMN_WIDTH = 20;

const line = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('')}\n`;

const cell = ({ made, found }: Tally[Who]): string => (made === 0 ? '-' : `${found} of ${made}`);
const row = (name: string, tally: Tally): string =>
  line(
    name,
    WHO.map((who) => cell(tally[who])),
  );

/** What was found of what was made: by kind, then by the journal that was changed. Only the last column may miss some. */
export function campaignTable({ byKind, byJournal, missed }: Campaign): string {
  return [
    line(
      'found of single random changes',
      WHO.map((who) => HEADINGS[who]),
    ),
    ...[...byKind].map(([kind, tally]) => row(kind, tally)),
    row('all', sum(byKind.values())),
    ...[...byJournal].map(([name, tally]) => row(`in the journal of the ${name}`, tally)),
    ...missed.map((one) => `not found: ${one}\n`),
  ].join('');
}

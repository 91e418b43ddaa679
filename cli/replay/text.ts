import type { Finding } from '../../replay/finding.ts';
import type { Judged, JournalVerdict } from '../../replay/verdict.ts';

/** People read the first ones; the others mostly follow from them. */
const MAX_LINES = 40;

/** The verdict for people: what is wrong first, then what was checked, the verdict last. */
export function verdictText({ verdict, names }: Judged): string {
  const { journals, findings, deviations, notChecked, tool, hash } = verdict;
  const name = (journal: number): string => names[journal] ?? '';
  const more = deviations - Math.min(findings.length, MAX_LINES);
  const lines = [
    ...journals.flatMap(({ faults }, journal) =>
      faults.map(({ kind, position, says }) => `${name(journal)}: position ${position}: ${kind}: ${says}`),
    ),
    ...findings.slice(0, MAX_LINES).flatMap((one) => findingLines(one, name)),
    ...(more > 0 ? [`and ${more} more deviations; --json has the first 1,000`] : []),
    ...notChecked.map(({ journal, says }) => `${name(journal)}: not checked: ${says}`),
    ...journals.map((journal, index) => journalLine(journal, name(index), name)),
    `cpns ${tool.version}, verdict ${hash}`,
    verdict.verdict === 'DEVIATIONS' ? `DEVIATIONS ${deviations}` : verdict.verdict,
  ];
  return `${lines.join('\n')}\n`;
}

function findingLines(one: Finding, name: (journal: number) => string): readonly string[] {
  const { rule, journal, position, stream, version, type, state, possible, says, other } = one;
  return [
    `${name(journal)}: position ${position}: ${rule}: ${stream} ${version} ${type}: ${says}`,
    ...(state === null ? [] : [`  state ${JSON.stringify(state)}; possible there: ${possible.join(', ')}`]),
    ...(other === null ? [] : [`  ${name(other.journal)}: position ${other.position}: ${other.says}`]),
  ];
}

const SIGNATURES: { readonly [kind in JournalVerdict['signatures']]: (journal: JournalVerdict) => string } = {
  none: () => 'no signature was checked (give the public key with --key)',
  unsigned: () => 'not signed by a key that was given',
  checked: ({ signedUpTo }) => `the first ${signedUpTo} are signed`,
};

function journalLine(journal: JournalVerdict, name: string, nameOf: (journal: number) => string): string {
  const { owner, events, root, signatures, copyOf } = journal;
  const says = `${name}: journal of ${owner}, ${events} events, root ${root}, ${SIGNATURES[signatures](journal)}`;
  return copyOf === null ? says : `${says}; a copy of ${nameOf(copyOf)}, where its events were judged once`;
}

import type { JsonObject } from '../journal/port.ts';
import { toBase64 } from '../security/transparency/base64.ts';
import type { Audit } from './audit.ts';
import { canonicalHash } from '../fold/canonical.ts';
import type { Doubt, Finding } from './finding.ts';
import type { JournalAudit } from './journal-audit.ts';

export type VerdictWord = 'CONFORMANT' | 'DEVIATIONS' | 'TAMPERED' | 'INCOMPLETE';

/**
 * What is said of the journals. It depends on nothing but which events they hold, which charts this program has and its
 * version: not on the order or the names of the files, nor on what kind of store they are in.
 */
export interface Verdict {
  readonly verdict: VerdictWord;
  /** All there are; `findings` has the first. */
  readonly deviations: number;
  readonly tool: { readonly name: 'cpns'; readonly version: string };
  /** Sorted by owner and root. */
  readonly journals: readonly JournalVerdict[];
  /** Sorted by journal, which is an index of `journals`, then position. */
  readonly findings: readonly Finding[];
  /** Why nothing is said about a part of it. */
  readonly notChecked: readonly Doubt[];
  /** SHA-256, hex, of all other members in canonical JSON (RFC 8785). */
  readonly hash: string;
}

export interface JournalVerdict {
  readonly owner: string;
  readonly events: number;
  /** Base64. */
  readonly root: string;
  readonly signatures: JournalAudit['signatures'];
  readonly signedUpTo: number;
  readonly faults: JournalAudit['integrity']['faults'];
  readonly charts: JournalAudit['charts'];
  /** Index of the journal that it is a copy of, or the beginning of one: it is judged there. */
  readonly copyOf: number | null;
}

export interface Judged {
  readonly verdict: Verdict;
  /** Names of the journals, in the order of the verdict: not part of it. */
  readonly names: readonly string[];
}

export function judge({ journals, unusedKeys, findings, count, doubts }: Audit, version: string): Judged {
  const order = journals
    .map((journal, index) => ({ journal, index, key: `${journal.owner} ${toBase64(journal.integrity.root)}` }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
  const placeOf = (index: number): number => order.findIndex((one) => one.index === index);
  const sorted = order.map(({ journal }) => journal);
  const doubted = doubts.map(({ journal, says }) => ({ journal: placeOf(journal), says }));
  const notChecked = [...gaps(sorted, unusedKeys), ...doubted.toSorted((a, b) => a.journal - b.journal)];
  const isTampered = sorted.some(({ integrity }) => integrity.faults.length > 0);
  const content = {
    verdict: wordOf({ isTampered, isDeviating: count > 0, isIncomplete: notChecked.length > 0 }),
    deviations: count,
    tool: { name: 'cpns' as const, version },
    journals: sorted.map((one) => toVerdict(one, placeOf)),
    findings: findings.map((one) => replaced(one, placeOf)).toSorted(byPlace),
    notChecked,
  };
  return { verdict: { ...content, hash: hashOf(content) }, names: sorted.map(({ name }) => name) };
}

function wordOf(is: {
  readonly isTampered: boolean;
  readonly isDeviating: boolean;
  readonly isIncomplete: boolean;
}): VerdictWord {
  if (is.isTampered) return 'TAMPERED';
  if (is.isDeviating) return 'DEVIATIONS';
  return is.isIncomplete ? 'INCOMPLETE' : 'CONFORMANT';
}

function toVerdict(
  { owner, integrity, signatures, charts, copyOf }: JournalAudit,
  placeOf: (index: number) => number,
): JournalVerdict {
  const { events, root, signedUpTo, faults } = integrity;
  const copied = copyOf === null ? null : placeOf(copyOf);
  return { owner, events, root: toBase64(root), signatures, signedUpTo, faults, charts, copyOf: copied };
}

function replaced(one: Finding, placeOf: (index: number) => number): Finding {
  const { journal, other } = one;
  return {
    ...one,
    journal: placeOf(journal),
    other: other === null ? null : { ...other, journal: placeOf(other.journal) },
  };
}

const byPlace = (a: Finding, b: Finding): number =>
  a.journal - b.journal || a.position - b.position || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0);

/** What the auditor asked to be checked, and could not be. */
function gaps(journals: readonly JournalAudit[], unusedKeys: readonly string[]): readonly Doubt[] {
  const isMissing = unusedKeys.length > 0;
  const says = `nothing of it is signed by ${unusedKeys.join(', ')}`;
  const isUnsigned = ({ signatures }: JournalAudit): boolean => signatures === 'unsigned';
  const nowhere = isMissing && !journals.some(isUnsigned);
  return journals.flatMap(({ integrity, missing, charts, signatures, foreign }, journal) => [
    ...(integrity.events === 0 ? [{ journal, says: 'it is empty' }] : []),
    ...(missing > 0
      ? [
          {
            journal,
            says: `the first ${missing} events are not in it, and no rule that needs them was applied: give their archives along`,
          },
        ]
      : []),
    ...charts
      .filter(({ known }) => known === 'unknown')
      .map(({ id, hash, events, firstPosition }) => ({
        journal,
        says: `${events} events from position ${firstPosition} on were taken under ${id} of hash ${hash}, which this program does not have`,
      })),
    ...(isMissing && (signatures === 'unsigned' || (nowhere && journal === 0)) ? [{ journal, says }] : []),
    ...(signatures === 'checked' && foreign.length > 0
      ? [{ journal, says: `${foreign.length} checkpoints are signed by a key that was not given` }]
      : []),
  ]);
}

const hashOf = (content: Omit<Verdict, 'hash'>): string => canonicalHash(plain(content));

export const verdictJson = (verdict: Verdict): JsonObject => plain(verdict);

function plain(value: object): JsonObject {
  const copy: JsonObject = JSON.parse(JSON.stringify(value));
  return copy;
}

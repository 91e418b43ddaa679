import { rootOf } from '../events/journal/merkle/frontier.ts';
import { toBase64 } from '../security/transparency/base64.ts';
import type { NoteVerifier } from '../security/transparency/note-key.ts';
import { readAnyCheckpoint, storedCheckpoints, type ReadCheckpoint, type SignedHead } from './checkpoints.ts';
import { ConformancePass, type UsedChart } from './conformance.ts';
import { Findings, type Finding } from './finding.ts';
import { inOrder, IntegrityPass, type Integrity, type IntegrityFault } from './integrity.ts';
import { OwnerPass } from './owner.ts';
import { RULES } from './rules/all.ts';
import { Watches, type Rule } from './rules/watch.ts';
import { Scratch } from './scratch/scratch.ts';
import { walk, type JournalSource, type Progress } from './source.ts';
import type { Charts } from './stream-fold.ts';

/** What was found in one journal. */
export interface JournalAudit {
  readonly name: string;
  readonly owner: string;
  readonly integrity: Integrity;
  /** `none`: no key was given. `unsigned`: none of the keys signed anything of it. */
  readonly signatures: 'none' | 'unsigned' | 'checked';
  /** Notes in it that a key the auditor does not have signed. */
  readonly foreign: readonly (number | string)[];
  readonly charts: readonly UsedChart[];
}

export interface Audit {
  readonly journals: readonly JournalAudit[];
  /** The first of them; `count` has them all. */
  readonly findings: readonly Finding[];
  readonly count: number;
}

export interface AuditOptions {
  /** Public keys that checkpoints may be signed by; none: signatures are not checked. */
  readonly verifiers: readonly NoteVerifier[];
  /** Notes that the auditor kept elsewhere. */
  readonly brought: readonly string[];
  readonly charts?: Charts;
  readonly rules?: readonly Rule[];
  readonly onProgress?: (journal: string, progress: Progress) => void;
}

/** The first findings name the places; the number says how many there are. */
const MAX_FINDINGS = 1_000;

/** Reads every journal once, whole, and checks all that can be told from them together. */
export async function audit(given: readonly JournalSource[], options: AuditOptions): Promise<Audit> {
  const { rules = RULES } = options;
  const sources = given.toSorted((a, b) => (rootText(a) < rootText(b) ? -1 : 1));
  const scratch = new Scratch();
  try {
    const findings = new Findings(MAX_FINDINGS);
    const shared = rules.filter(({ scope }) => scope === 'all').map((rule) => watching(rule, scratch, findings));
    const journals: JournalAudit[] = [];
    for (const [index, source] of sources.entries()) {
      const own = rules.filter(({ scope }) => scope === 'journal').map((rule) => watching(rule, scratch, findings));
      const watches = new Watches([...own, ...shared]);
      journals.push(await auditOne(source, index, { options, scratch, findings, watches }));
      for (const { watch } of own) watch.end?.();
    }
    for (const { watch } of shared) watch.end?.();
    return { journals, findings: findings.kept, count: findings.count };
  } finally {
    scratch.close();
  }
}

/** In an order that does not depend on how they were named. */
const rootText = ({ head: { edge, size } }: JournalSource): string =>
  `${edge === null ? '' : toBase64(rootOf(edge))} ${size}`;

const watching = (rule: Rule, scratch: Scratch, { report }: Findings) => ({ rule, watch: rule.watch(scratch, report) });

async function auditOne(
  source: JournalSource,
  index: number,
  {
    options,
    scratch,
    findings,
    watches,
  }: {
    readonly options: AuditOptions;
    readonly scratch: Scratch;
    readonly findings: Findings;
    readonly watches: Watches;
  },
): Promise<JournalAudit> {
  const { verifiers, brought, charts, onProgress = () => {} } = options;
  const notes = await notesOf(source, verifiers, brought);
  const integrity = new IntegrityPass(source, notes.signed, scratch);
  const owner = new OwnerPass();
  const law = charts === undefined ? {} : { charts };
  const conformance = new ConformancePass(index, { report: findings.report, watches, scratch, ...law });
  await walk(source, [integrity, owner, conformance], (progress) => onProgress(source.name, progress));
  const found = integrity.end();
  const faults = inOrder([...found.faults, ...notes.faults]);
  return {
    name: source.name,
    owner: owner.name,
    integrity: { ...found, faults },
    signatures: verifiers.length === 0 ? 'none' : notes.signed.length === 0 ? 'unsigned' : 'checked',
    foreign: notes.foreign,
    charts: conformance.charts,
  };
}

/** How a note that was brought along is named: by nothing that another auditor may have called otherwise. */
const BROUGHT = 'brought along';

async function notesOf(source: JournalSource, verifiers: readonly NoteVerifier[], brought: readonly string[]) {
  const none = { signed: [], faults: [], foreign: [] };
  if (verifiers.length === 0) return none;
  const read: readonly ReadCheckpoint[] = [
    ...(await storedCheckpoints(source, verifiers)),
    ...brought.map((note) => readAnyCheckpoint(note, BROUGHT, verifiers)),
  ];
  const signed: SignedHead[] = [];
  const faults: IntegrityFault[] = [];
  const foreign: (number | string)[] = [];
  for (const one of read) {
    if (one.kind === 'signed') signed.push(one.head);
    else if (one.reason === 'unsigned') foreign.push(one.from);
    else faults.push(forged(one, source));
  }
  return { signed, faults, foreign };
}

function forged(
  { from, reason }: Extract<ReadCheckpoint, { readonly kind: 'refused' }>,
  { head }: JournalSource,
): IntegrityFault {
  const position = typeof from === 'number' ? from : head.last;
  const says =
    reason === 'forged'
      ? `the signature of the checkpoint ${at(from)} is not that of the key that it names`
      : `the checkpoint ${at(from)} is none`;
  return { kind: 'forged', position, says };
}

const at = (from: number | string): string => (typeof from === 'number' ? `at position ${from}` : from);

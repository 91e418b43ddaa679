import type { Charts } from '../fold/law.ts';
import { toBase64 } from '../security/transparency/base64.ts';
import { JournalError } from '../journal/port.ts';
import type { NoteVerifier } from '../security/transparency/note-key.ts';
import { ConformancePass } from './conformance.ts';
import { Copies } from './copies.ts';
import { Doubts, Findings, type Doubt, type Finding } from './finding.ts';
import { inOrder, IntegrityPass } from './integrity.ts';
import type { JournalAudit } from './journal-audit.ts';
import { notesOf, type JournalNotes } from './notes.ts';
import { OwnerPass } from './owner.ts';
import { RULES } from './rules/all.ts';
import { Watches, type Desk, type Rule } from './rules/watch.ts';
import { Scratch } from './scratch/scratch.ts';
import { walk, type JournalSource, type Progress } from './source.ts';

export interface Audit {
  readonly journals: readonly JournalAudit[];
  /** Names of keys that were given, and signed nothing here. */
  readonly unusedKeys: readonly string[];
  /** The first of them; `count` has them all. */
  readonly findings: readonly Finding[];
  readonly count: number;
  /** What could not be judged by these journals; the first of it. */
  readonly doubts: readonly Doubt[];
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
const MAX_DOUBTS = 100;

/** Reads every journal once, whole, and checks all that can be told from them together. */
export async function audit(given: readonly JournalSource[], options: AuditOptions): Promise<Audit> {
  const { rules = RULES } = options;
  const sources = given.toSorted((a, b) => (rootText(a) < rootText(b) ? -1 : 1));
  const scratch = new Scratch();
  try {
    const findings = new Findings(MAX_FINDINGS);
    const doubts = new Doubts(MAX_DOUBTS);
    const desk = { scratch, report: findings.report, doubt: doubts.doubt };
    const at = (...scopes: readonly Rule['scope'][]) =>
      rules.filter(({ scope }) => scopes.includes(scope)).map((rule) => ({ rule, watch: rule.watch(desk) }));
    const copies = await Copies.among(sources);
    const judged = sources.filter((_, index) => copies.of(index) === null);
    const shared = judged.length > 1 ? at('all', 'between') : at('all');
    const notes = await notesOf(sources, options);
    const journals: JournalAudit[] = [];
    for (const [index, source] of sources.entries()) {
      const own = at('journal');
      // Of a journal that begins in the middle, the rules do not know what was before.
      const watches = new Watches(isWhole(source) ? [...own, ...shared] : []);
      journals.push(await auditOne(source, index, { options, desk, watches, copies, notes: notes.of(index) }));
      for (const { watch } of own) watch.end?.();
    }
    for (const { watch } of shared) watch.end?.();
    return {
      journals: await copies.settled(notes.settled(journals)),
      unusedKeys: notes.unused(options.verifiers),
      findings: findings.kept,
      count: findings.count,
      doubts: doubts.kept,
    };
  } finally {
    scratch.close();
  }
}

const isWhole = ({ head }: JournalSource): boolean => head.before.size === 0;

/** In an order that does not depend on how they were named. */
const rootText = ({ head: { root, size } }: JournalSource): string => `${root === null ? '' : toBase64(root)} ${size}`;

async function auditOne(
  source: JournalSource,
  index: number,
  {
    options,
    desk,
    watches,
    copies,
    notes,
  }: {
    readonly options: AuditOptions;
    readonly desk: Desk;
    readonly watches: Watches;
    readonly copies: Copies;
    readonly notes: JournalNotes;
  },
): Promise<JournalAudit> {
  const { verifiers, charts, onProgress = () => {} } = options;
  const copyOf = copies.of(index);
  // That what was signed since is not in a copy is no fault of it.
  const signed = copyOf === null ? notes.signed : notes.signed.filter(({ size }) => size <= source.head.size);
  const sizes = new Set([...notes.sizes, ...copies.sizesOf(index)]);
  const integrity = new IntegrityPass(source, signed, desk.scratch, sizes);
  const owner = new OwnerPass();
  const law = charts === undefined ? {} : { charts };
  const begins = isWhole(source) ? 'first' : 'amid';
  const conformance = new ConformancePass(index, {
    report: desk.report,
    watches,
    scratch: desk.scratch,
    begins,
    ...law,
  });
  try {
    const passes = copyOf === null ? [integrity, owner, conformance] : [integrity, owner];
    await walk(source, passes, (progress) => onProgress(source.name, progress));
  } catch (error) {
    if (!(error instanceof JournalError && error.fault === 'corrupt')) throw error;
    integrity.damaged();
  }
  const found = integrity.end();
  return {
    name: source.name,
    owner: owner.name,
    integrity: { ...found, faults: inOrder([...found.faults, ...notes.faults]) },
    signatures: verifiers.length === 0 ? 'none' : notes.signed.length === 0 ? 'unsigned' : 'checked',
    foreign: notes.foreign,
    missing: source.head.before.size,
    copyOf,
    charts: conformance.charts,
  };
}

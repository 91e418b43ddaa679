import { leafText } from '../../../events/journal/merkle/leaf.ts';
import { hashLeaf } from '../../../events/journal/merkle/hash.ts';
import type { StoredEvent } from '../../../events/journal/port.ts';
import { audit } from '../../../replay/audit.ts';
import { judge, type VerdictWord } from '../../../replay/verdict.ts';
import { Random } from '../../../script/fuzz/random.ts';
import { keptOf, rowsSource, type Rows } from '../rows.ts';
import type { Untouched } from './base.ts';
import { CHANGES } from './changes.ts';

/** Whoever made the change: leaves all hashes as they were, or makes every one anew. Nobody but the operator can sign. */
export type Attacker = 'careless' | 'careful';

/** What the auditor has beside the journals: nothing, or the public keys and a checkpoint of the head. */
export type Auditor = 'bare' | 'kept';

export interface Tally {
  readonly kind: string;
  /** Changes that were made. */
  readonly made: number;
  /** Of those, how many were found: by whom, against whom. */
  readonly found: { readonly [who in 'careless, bare' | 'careful, kept' | 'careful, bare']: number };
}

/** Kinds that only one who makes no hash anew leaves behind. */
const HASHES_ONLY = 'bit of a leaf hash';

const PARTIES: {
  readonly [who in keyof Tally['found']]: { readonly attacker: Attacker; readonly auditor: Auditor };
} = {
  'careless, bare': { attacker: 'careless', auditor: 'bare' },
  'careful, kept': { attacker: 'careful', auditor: 'kept' },
  'careful, bare': { attacker: 'careful', auditor: 'bare' },
};

export interface Campaign {
  readonly tallies: readonly Tally[];
  /** What ought to have been found, and was not. */
  readonly missed: readonly string[];
}

/**
 * Single random changes, the kinds in turn, in the journal of one of the parties; each by both attackers, and audited with
 * and without keys.
 */
export async function campaign(
  bases: readonly (readonly Untouched[])[],
  changes: number,
  seed: string,
  onChange: (done: number) => void = () => {},
): Promise<Campaign> {
  const random = new Random(seed);
  const tallies = new Map<string, { made: number; found: Record<keyof Tally['found'], number> }>();
  const missed: string[] = [];
  const kinds = Object.keys(CHANGES);
  for (let done = 0; done < changes;) {
    const kind = kinds[done % kinds.length] ?? '';
    const base = random.pick(bases);
    const target = random.below(base.length);
    const events = CHANGES[kind]?.(base[target]?.rows.events ?? [], random) ?? null;
    if (events === null || isSame(events, base[target]?.rows.events ?? [])) continue;
    done += 1;
    const tally = tallies.get(kind) ?? {
      made: 0,
      found: { 'careless, bare': 0, 'careful, kept': 0, 'careful, bare': 0 },
    };
    tallies.set(kind, tally);
    tally.made += 1;
    const careless: Rows = { events, kept: base[target]?.rows.kept ?? keptOf(events) };
    const careful = rehashed(events);
    for (const [who, rows] of [
      ['careless, bare', careless],
      ['careful, kept', careful],
      ['careful, bare', careful],
    ] as const) {
      const { attacker, auditor } = PARTIES[who];
      // A hash that is made anew is right.
      const isNone = kind === HASHES_ONLY && attacker === 'careful';
      const word = isNone ? 'TAMPERED' : await verdictOf(base, target, rows, auditor);
      if (word !== 'CONFORMANT') tally.found[who] += 1;
      else if (attacker === 'careless' || auditor === 'kept')
        missed.push(`${kind} by the ${attacker} in ${base[target]?.name}, change ${done} of '${seed}'`);
    }
    onChange(done);
  }
  return { tallies: [...tallies].map(([kind, tally]) => ({ kind, ...tally })), missed };
}

async function verdictOf(
  base: readonly Untouched[],
  target: number,
  rows: Rows,
  auditor: Auditor,
): Promise<VerdictWord> {
  const sources = base.map((one, index) => rowsSource(one.name, index === target ? rows : one.rows));
  const verifiers = auditor === 'bare' ? [] : base.map(({ signer }) => signer.verifier);
  const brought = auditor === 'kept' ? base.map(({ kept }) => kept) : [];
  return judge(await audit(sources, { verifiers, brought }), 'test').verdict.verdict;
}

/** Positions without a gap, leaf hashes, nodes, root: all as if it had been written so. */
function rehashed(events: readonly StoredEvent[]): Rows {
  const ordered = events.map((event, index) => ({ ...event, position: index + 1 }));
  const hashed = ordered.map((event) => ({ ...event, leaf: hashLeaf(leafText(event, event.data) ?? '') }));
  return { events: hashed, kept: keptOf(hashed) };
}

const isSame = (a: readonly StoredEvent[], b: readonly StoredEvent[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

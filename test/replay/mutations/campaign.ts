import { leafText } from '../../../journal/leaf.ts';
import { hashLeaf } from '../../../journal/merkle/hash.ts';
import type { StoredEvent } from '../../../journal/port.ts';
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

const PARTIES = {
  'careless, bare': { attacker: 'careless', auditor: 'bare' },
  'careful, kept': { attacker: 'careful', auditor: 'kept' },
  'careful, bare': { attacker: 'careful', auditor: 'bare' },
} as const satisfies { readonly [who: string]: { readonly attacker: Attacker; readonly auditor: Auditor } };

/** By whom, against whom. */
export type Who = keyof typeof PARTIES;
export const WHO: readonly Who[] = ['careless, bare', 'careful, kept', 'careful, bare'];

/** Of so many changes that were made so many were found. Whoever makes all hashes anew undoes a change of a hash alone: none. */
export type Tally = { readonly [who in Who]: { readonly made: number; readonly found: number } };

export interface Campaign {
  readonly byKind: ReadonlyMap<string, Tally>;
  /** By the journal that was changed, the others being as they were. */
  readonly byJournal: ReadonlyMap<string, Tally>;
  /** What ought to have been found, and was not. */
  readonly missed: readonly string[];
}

/**
 * Single random changes, the kinds in turn, in the journal of one of the parties; each by both attackers, and audited with
 * and without keys.
 * @throws where an auditor finds something in a base that nobody touched: every change would be found
 */
export async function campaign(
  bases: readonly (readonly Untouched[])[],
  changes: number,
  seed: string,
  onChange: (done: number) => void = () => {},
): Promise<Campaign> {
  for (const base of bases) await checkUntouched(base);
  const random = new Random(seed);
  const [byKind, byJournal] = [new Map<string, Tally>(), new Map<string, Tally>()];
  const missed: string[] = [];
  const kinds = Object.keys(CHANGES);
  for (let done = 0; done < changes;) {
    const kind = kinds[done % kinds.length] ?? '';
    const base = random.pick(bases);
    const target = random.below(base.length);
    const { name, rows: before } = base[target] ?? { name: '', rows: { events: [], kept: keptOf([]) } };
    const events = CHANGES[kind]?.(before.events, random) ?? null;
    if (events === null || isSame(events, before.events)) continue;
    done += 1;
    const careless: Rows = { events, kept: before.kept };
    const careful = rehashed(events);
    for (const who of WHO) {
      const { attacker, auditor } = PARTIES[who];
      const rows = attacker === 'careless' ? careless : careful;
      if (isSame(rows.events, before.events)) continue;
      const isFound = (await verdictOf(base, { target, rows }, auditor)) !== 'CONFORMANT';
      count(byKind, kind, who, isFound);
      count(byJournal, name, who, isFound);
      if (!isFound && (attacker === 'careless' || auditor === 'kept'))
        missed.push(`${kind} by the ${attacker} in ${name}, change ${done} of '${seed}'`);
    }
    onChange(done);
  }
  return { byKind, byJournal, missed };
}

const NOTHING: Tally = {
  'careless, bare': { made: 0, found: 0 },
  'careful, kept': { made: 0, found: 0 },
  'careful, bare': { made: 0, found: 0 },
};

function count(tallies: Map<string, Tally>, of: string, who: Who, isFound: boolean): void {
  const tally = tallies.get(of) ?? NOTHING;
  const { made, found } = tally[who];
  tallies.set(of, { ...tally, [who]: { made: made + 1, found: found + (isFound ? 1 : 0) } });
}

export const sum = (tallies: Iterable<Tally>): Tally =>
  [...tallies].reduce((all, one) => {
    const added = (who: Who) => ({ made: all[who].made + one[who].made, found: all[who].found + one[who].found });
    return {
      'careless, bare': added('careless, bare'),
      'careful, kept': added('careful, kept'),
      'careful, bare': added('careful, bare'),
    };
  }, NOTHING);

async function checkUntouched(base: readonly Untouched[]): Promise<void> {
  for (const auditor of ['bare', 'kept'] as const) {
    const word = await verdictOf(base, null, auditor);
    if (word !== 'CONFORMANT') throw new Error(`Journals that nobody touched are ${word} to an auditor, ${auditor}`);
  }
}

async function verdictOf(
  base: readonly Untouched[],
  change: { readonly target: number; readonly rows: Rows } | null,
  auditor: Auditor,
): Promise<VerdictWord> {
  const sources = base.map((one, index) => rowsSource(one.name, index === change?.target ? change.rows : one.rows));
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
  a === b || (a.length === b.length && a.every((event, index) => isSameEvent(event, b[index])));

const isSameEvent = (a: StoredEvent, b: StoredEvent | undefined): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);

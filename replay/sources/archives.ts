import { rootOf, type Frontier } from '../../journal/merkle/frontier.ts';
import { isSameHash } from '../../journal/merkle/hash.ts';
import type { JournalSource } from '../source.ts';
import { joinedSource } from './joined.ts';

/**
 * Whether an archive goes before a tree. `byRoot`: it ends with this very tree. `bySize`: it ends at its size, and with
 * another root, or none: that something was done to it, or that it is of another journal, the audit says.
 */
export type Fit = 'byRoot' | 'bySize';

function fits({ head }: JournalSource, before: Frontier): Fit | null {
  if (head.size !== before.size || head.before.size >= before.size) return null;
  return head.root !== null && isSameHash(head.root, rootOf(before)) ? 'byRoot' : 'bySize';
}

/** A journal with those of the archives that go before it; they may not be all of them, or none. */
export interface WithArchives {
  readonly source: JournalSource;
  readonly used: readonly JournalSource[];
}

/** Looks for the archives of a journal, from its first event back. An archive that fits by its root is preferred. */
export function joinArchives(
  journal: JournalSource,
  archives: readonly JournalSource[],
  wanted: Fit = 'bySize',
): WithArchives {
  const used: JournalSource[] = [];
  for (let { before } = journal.head; before.size > 0;) {
    const found =
      archives.find((archive) => fits(archive, before) === 'byRoot') ??
      archives.find((archive) => wanted === 'bySize' && fits(archive, before) === 'bySize');
    if (found === undefined) break;
    used.unshift(found);
    ({ before } = found.head);
  }
  return { source: used.length === 0 ? journal : joinedSource(used, journal), used };
}

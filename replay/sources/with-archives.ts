import { rootOf } from '../../events/journal/merkle/frontier.ts';
import { isSameHash } from '../../events/journal/merkle/hash.ts';
import type { JournalSource } from '../source.ts';
import { joinedSource } from './joined.ts';

/**
 * Of all that an auditor names, each archive put before the journal that goes on from it: the one whose tree ends where that of the
 * other begins. The others stay as they are.
 */
export function withArchives(sources: readonly JournalSource[]): readonly JournalSource[] {
  const archives = new Set<JournalSource>();
  const chains = new Map<JournalSource, readonly JournalSource[]>();
  for (const source of sources) {
    const chain: JournalSource[] = [];
    for (let part = before(source, sources); part !== undefined; part = before(part, sources)) {
      chain.unshift(part);
      archives.add(part);
    }
    chains.set(source, chain);
  }
  return sources
    .filter((source) => !archives.has(source))
    .map((source) => {
      const chain = chains.get(source) ?? [];
      return chain.length === 0 ? source : joinedSource(chain, source);
    });
}

function before({ head }: JournalSource, sources: readonly JournalSource[]): JournalSource | undefined {
  if (head.before.size === 0) return undefined;
  const root = rootOf(head.before);
  return sources.find(
    (other) => other.head.size === head.before.size && other.head.root !== null && isSameHash(other.head.root, root),
  );
}

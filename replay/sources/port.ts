import { EMPTY_FRONTIER as before } from '../../events/journal/merkle/frontier.ts';
import type { JournalReader, StoredEvent, TreeReader } from '../../events/journal/port.ts';
import { JournalError } from '../../events/journal/port.ts';
import { PAGE, type JournalSource, type SourceHead, type SourceRange } from '../source.ts';

/** A journal behind its port, as simulations have it. The source leaves it open. */
export async function portSource(name: string, journal: JournalReader & TreeReader): Promise<JournalSource> {
  const head = await headOf(journal);
  const within = ({ position }: StoredEvent): boolean => position <= head.last;
  return {
    name,
    head,
    stored: async ({ after, limit }) => (await journal.stored({ after: Math.max(0, after), limit })).filter(within),
    storedStream: (stream, range) => ofStream(journal, stream, range),
    node: async (level, index) => (await journal.nodes(level, index, index + 1))[0] ?? null,
    close: () => Promise.resolve(),
  };
}

async function headOf(journal: JournalReader & TreeReader): Promise<SourceHead> {
  try {
    const edge = await journal.tree();
    return { before, size: edge.size, edge, last: edge.size, keeps: 'nodes' };
  } catch (error) {
    if (!(error instanceof JournalError && error.fault === 'corrupt')) throw error;
    const size = await journal.head();
    return { before, size, edge: null, last: size, keeps: 'nodes' };
  }
}

/** The port tells rows by position alone. */
async function ofStream(journal: TreeReader, stream: string, { after, limit }: SourceRange): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (let position = 0; found.length < limit;) {
    const page = await journal.stored({ after: position, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) break;
    position = last.position;
    found.push(...page.filter((event) => event.stream === stream && event.version > after));
  }
  return found.slice(0, limit);
}

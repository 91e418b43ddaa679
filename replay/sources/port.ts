import { EMPTY_FRONTIER as before, rootOf } from '../../journal/merkle/frontier.ts';
import type { JournalReader, StoredEvent, TreeReader } from '../../journal/port.ts';
import { JournalError } from '../../journal/port.ts';
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
    storedCorrelation: (id, range) => ofCorrelation(journal, id, range),
    streams: (range) => namesOf(journal, head.last, range),
    snapshot: () => Promise.resolve(null),
    base: () => Promise.resolve(null),
    node: async (level, index) => (await journal.nodes(level, index, index + 1))[0] ?? null,
    close: () => Promise.resolve(),
  };
}

async function headOf(journal: JournalReader & TreeReader): Promise<SourceHead> {
  try {
    const edge = await journal.tree();
    return { before, joints: [], size: edge.size, root: rootOf(edge), note: null, last: edge.size, keeps: 'nodes' };
  } catch (error) {
    if (!(error instanceof JournalError && error.fault === 'corrupt')) throw error;
    const size = await journal.head();
    return { before, joints: [], size, root: null, note: null, last: size, keeps: 'nodes' };
  }
}

/** The port tells rows by position alone. */
async function* rowsOf(journal: TreeReader): AsyncIterable<StoredEvent> {
  for (let position = 0; ;) {
    const page = await journal.stored({ after: position, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    position = last.position;
    yield* page;
  }
}

async function ofStream(journal: TreeReader, stream: string, { after, limit }: SourceRange): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of rowsOf(journal)) {
    if (event.stream === stream && event.version > after) found.push(event);
    if (found.length === limit) break;
  }
  return found;
}

async function ofCorrelation(journal: TreeReader, id: string, { after, limit }: SourceRange): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of rowsOf(journal)) {
    if (event.meta.correlationId === id && event.position > after) found.push(event);
    if (found.length === limit) break;
  }
  return found;
}

async function namesOf(
  journal: TreeReader,
  until: number,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const { stream, position } of rowsOf(journal)) if (stream > after && position <= until) names.add(stream);
  return [...names].toSorted((a, b) => (a < b ? -1 : 1)).slice(0, limit);
}

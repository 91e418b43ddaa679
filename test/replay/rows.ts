import { appendLeaves, EMPTY_FRONTIER, rootOf, type Frontier, type TreeNode } from '../../journal/merkle/frontier.ts';
import { leafHash } from '../../journal/leaf.ts';
import type { RecordedEvent, StoredEvent } from '../../journal/port.ts';
import type { JournalSource } from '../../replay/source.ts';

/** A journal as rows in memory, which a test may change one by one, and what is kept beside them. */
export interface Rows {
  readonly events: readonly StoredEvent[];
  readonly kept: { readonly size: number; readonly edge: Frontier | null; readonly nodes: readonly TreeNode[] };
}

/** What a journal of these events keeps. */
export function keptOf(events: readonly StoredEvent[]): Rows['kept'] {
  const { frontier, completed } = appendLeaves(
    EMPTY_FRONTIER,
    events.map(({ leaf }) => leaf ?? new Uint8Array(32)),
  );
  return { size: frontier.size, edge: frontier, nodes: completed };
}

/** As the journal stores them. */
export function rowsOf(recorded: readonly RecordedEvent[]): Rows {
  const events = recorded.map((event): StoredEvent => {
    const data = JSON.stringify(event.data);
    return { ...event, data, leaf: leafHash(event, data) };
  });
  return { events, kept: keptOf(events) };
}

export function rowsSource(name: string, { events, kept }: Rows): JournalSource {
  const ordered = events.toSorted((a, b) => a.position - b.position);
  const last = ordered.at(-1)?.position ?? 0;
  return {
    name,
    head: {
      before: EMPTY_FRONTIER,
      size: kept.size,
      root: kept.edge === null ? null : rootOf(kept.edge),
      note: null,
      last,
      joints: [],
      keeps: 'nodes',
    },
    stored: async ({ after, limit }) => ordered.filter(({ position }) => position > after).slice(0, limit),
    storedStream: async (stream, { after, limit }) =>
      ordered
        .filter((event) => event.stream === stream && event.version > after)
        .toSorted((a, b) => a.version - b.version)
        .slice(0, limit),
    storedCorrelation: async (id, { after, limit }) =>
      ordered.filter(({ position, meta }) => meta.correlationId === id && position > after).slice(0, limit),
    snapshot: async () => null,
    base: async () => null,
    streams: async ({ after, limit }) => {
      const names = new Set(ordered.map(({ stream }) => stream).filter((stream) => stream > after));
      return [...names].toSorted((a, b) => (a < b ? -1 : 1)).slice(0, limit);
    },
    node: async (level, index) => kept.nodes.find((node) => node.level === level && node.index === index)?.hash ?? null,
    close: async () => {},
  };
}

import type { StoredEvent } from '../../journal/port.ts';
import type { JournalSource } from '../source.ts';

/**
 * A journal with its archives before it, as if nothing had been archived. Each goes on where the one before it ends; that
 * their events are those of the journal, its tree says when they are checked.
 */
export function joinedSource(archives: readonly JournalSource[], journal: JournalSource): JournalSource {
  const parts = [...archives, journal];
  const first = archives[0] ?? journal;
  const inTurn = async (
    from: readonly JournalSource[],
    read: (part: JournalSource) => Promise<readonly StoredEvent[]>,
    limit: number,
  ) => {
    const found: StoredEvent[] = [];
    for (const part of from) {
      if (found.length >= limit) break;
      // What is known of the journal itself is in both.
      const known = new Set(found.map(({ position }) => position));
      found.push(...(await read(part)).filter(({ position }) => !known.has(position)));
    }
    return found.slice(0, limit);
  };
  return {
    name: journal.name,
    head: {
      ...journal.head,
      before: first.head.before,
      joints: parts.map(({ head }) => head.before).filter(({ size }) => size > first.head.before.size),
    },
    // Pages are full across the joints: whoever reads takes a short one for the last.
    async stored({ after, limit }) {
      const found: StoredEvent[] = [];
      for (const part of parts) {
        const from = found.at(-1)?.position ?? after;
        if (found.length === limit || part.head.last <= from) continue;
        found.push(...(await part.stored({ after: from, limit: limit - found.length })));
      }
      return found;
    },
    async storedStream(stream, range) {
      // An archive is read from its first line to its last for this: not where it has nothing of it.
      const base = await journal.base(stream);
      const from = base !== null && base.version <= range.after ? [journal] : parts;
      return inTurn(from, (part) => part.storedStream(stream, range), range.limit);
    },
    storedCorrelation: (id, range) => inTurn(parts, (part) => part.storedCorrelation(id, range), range.limit),
    // Whatever has an event in an archive has a base in the journal.
    streams: (range) => journal.streams(range),
    base: (stream) => journal.base(stream),
    snapshot: (stream, position) => journal.snapshot(stream, position),
    node: (level, index) => journal.node(level, index),
    async close() {
      for (const part of parts) await part.close();
    },
  };
}

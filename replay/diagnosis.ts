import { hashLeaf, isSameHash } from '../journal/merkle/hash.ts';
import { leafText } from '../journal/leaf.ts';
import type { StoredEvent } from '../journal/port.ts';

/** What was done to a journal, told from the traces that it left. Asked of the first faults only. */

/** How far away the place of an event is looked for: some milliseconds. */
const REACH = 1_000;

export interface Misplaced {
  readonly kind: 'removed' | 'inserted' | 'reordered';
  readonly position: number;
  readonly says: string;
}

/** Where the event is whole, and its leaf hash was taken of it at another position. */
export function misplaced(event: StoredEvent, following: StoredEvent | undefined): Misplaced | null {
  const written = writtenAt(event);
  if (written === null) return null;
  const { position } = event;
  const says = `the event was written at position ${written}, and stands at ${position}`;
  const shift = written - position;
  const isShift = following === undefined || isWrittenAt(following, following.position + shift);
  if (!isShift) return { kind: 'reordered', position, says };
  return shift > 0 ? { kind: 'removed', position, says } : { kind: 'inserted', position: written, says };
}

function writtenAt(event: StoredEvent): number | null {
  for (let distance = 1; distance <= REACH; distance++) {
    for (const position of [event.position + distance, event.position - distance])
      if (isWrittenAt(event, position)) return position;
  }
  return null;
}

function isWrittenAt(event: StoredEvent, position: number): boolean {
  const text = leafText({ ...event, position }, event.data);
  return text !== null && event.leaf !== null && isSameHash(event.leaf, hashLeaf(text));
}

/** What it means that a stream is at another version than the next one. */
export function skipped(
  { stream, version, next }: { readonly stream: string; readonly version: number; readonly next: number },
  behind: readonly StoredEvent[],
): 'removed' | 'inserted' | 'reordered' {
  if (version < next) return 'inserted';
  return behind.some((event) => event.stream === stream && event.version === next) ? 'reordered' : 'removed';
}

import type { Frontier } from '../journal/merkle/frontier.ts';
import type { Base, JsonObject, RecordedEvent, Snapshot, StoredEvent } from '../journal/port.ts';

/**
 * A journal as an auditor reads it, wherever it is kept: a SQLite file, a PostgreSQL database, an export. It is read as it
 * was at the moment it was opened; what its role commits meanwhile is not looked at. Nothing is ever written.
 *
 * Adapters in `sources/`.
 */
export interface JournalSource {
  /** What people call it; never a password. */
  readonly name: string;
  readonly head: SourceHead;
  /** Events with `position > after`, ascending, at most `limit`, none behind the last one of the head; nothing is checked. */
  stored(range: SourceRange): Promise<readonly StoredEvent[]>;
  /** The same of one stream, `version > after`, ascending by version. */
  storedStream(stream: string, range: SourceRange): Promise<readonly StoredEvent[]>;
  /** The same of one correlation id, `position > after`, ascending by position. */
  storedCorrelation(correlationId: string, range: SourceRange): Promise<readonly StoredEvent[]>;
  /** Names of the streams that have an event, or have one in an archive, behind `after`, ascending by code points, at most `limit`. */
  streams(range: { readonly after: string; readonly limit: number }): Promise<readonly string[]>;
  /** The newest snapshot of a stream that holds no event beyond the position; null without one. It is checked by its reader. */
  snapshot(stream: string, position: number): Promise<Snapshot | null>;
  /** Of a stream with events that were moved out of the journal, the state at the last of them; null of any other. */
  base(stream: string): Promise<Base | null>;
  /** A node of the tree that is kept beside the events; null where there is none. Levels and indexes as of a `TreeNode`. */
  node(level: number, index: number): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

export interface SourceRange {
  /** Any number: rows may have been given a position or version below 1 by hand. */
  readonly after: number;
  readonly limit: number;
}

/** What a journal says of itself, and which rows there are. */
export interface SourceHead {
  /** The tree over the events before the first that is to be here: none, but where an export or an archive goes on from another. */
  readonly before: Frontier;
  /** Trees over its first events that have to be those of the events: where archives and the journal were cut apart. */
  readonly joints: readonly Frontier[];
  /** Events by its own count. */
  readonly size: number;
  /** Root of the tree over so many, as it is kept; null where what is kept is none. */
  readonly root: Uint8Array | null;
  /** A signed note that came with it and is no event of it, or null. */
  readonly note: string | null;
  /** Highest position of a row; 0 without any. */
  readonly last: number;
  /** Whether nodes of the tree are kept, and have to agree with the events. */
  readonly keeps: 'nodes' | 'noNodes';
}

/** Events that are read and checked at once: some two megabytes. */
export const PAGE = 1_000;
export const BEFORE_ALL = Number.MIN_SAFE_INTEGER;

export interface Progress {
  /** Events read, and how many there are. */
  readonly done: number;
  readonly all: number;
}

/** Looks at every event, in the order of positions. */
export interface Pass {
  page(events: readonly StoredEvent[]): void | Promise<void>;
}

/** Reads a journal once, for all passes. */
export async function walk(
  source: JournalSource,
  passes: readonly Pass[],
  onProgress: (progress: Progress) => void = () => {},
): Promise<void> {
  let done = 0;
  for (let after = BEFORE_ALL; ;) {
    const page = await source.stored({ after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    for (const pass of passes) await pass.page(page);
    after = last.position;
    done += page.length;
    onProgress({ done, all: source.head.last });
  }
}

/** The event with its data; null where the text is no JSON object. */
export function recordedOf(stored: StoredEvent): RecordedEvent | null {
  const { position, stream, version, type, schemaVersion, meta } = stored;
  const data = objectOf(stored.data);
  return data === null ? null : { position, stream, version, type, schemaVersion, meta, data };
}

function objectOf(text: string): JsonObject | null {
  try {
    const data: JsonObject | readonly never[] | string | number | boolean | null = JSON.parse(text);
    return isObject(data) ? data : null;
  } catch {
    return null;
  }
}

const isObject = (value: JsonObject | readonly never[] | string | number | boolean | null): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

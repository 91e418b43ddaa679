import type { ArchiveReader, AsOf, JournalReader, RecordedEvent, SnapshotReader } from '../journal/port.ts';
import type { Chart } from '../machines/chart.ts';
import { restoreSnapshot, type FoldedStream, type SnapshotFault } from './snapshot.ts';

/** What a stream is folded from; snapshots only save reading what lies before them. A base stands for what is archived. */
export type FoldSource = Pick<JournalReader, 'readStream'> &
  Partial<Pick<SnapshotReader, 'snapshot'> & Pick<ArchiveReader, 'base'>>;

/** Events a read. */
export const FOLD_PAGE = 1_000;

/**
 * The events of a stream behind a version, up to and including `asOf`.
 * @throws JournalError `archived`
 */
export async function* pagesOf(
  journal: Pick<JournalReader, 'readStream'>,
  stream: string,
  after: number,
  asOf: AsOf = {},
): AsyncGenerator<readonly RecordedEvent[]> {
  const { version = Number.POSITIVE_INFINITY, position = Number.POSITIVE_INFINITY } = asOf;
  const isUnbounded = asOf.version === undefined && asOf.position === undefined;
  for (let last = after; last < version && position > 0;) {
    const limit = Math.min(FOLD_PAGE, version - last);
    const page = await journal.readStream(stream, { after: last, limit });
    const within = isUnbounded ? page : page.filter((event) => !isBeyond(event, asOf));
    last = page.at(-1)?.version ?? last;
    yield within;
    if (page.length < limit || within.length < page.length) return;
  }
}

/** Events that a fold goes on with. */
export interface Unfolded {
  /** Those that were read with its snapshot, before all others. */
  readonly since?: readonly RecordedEvent[];
  readonly pages: AsyncIterable<readonly RecordedEvent[]>;
}

export async function takeAll({ since = [], pages }: Unfolded, take: (event: RecordedEvent) => void): Promise<void> {
  for (const event of since) take(event);
  for await (const page of pages) for (const event of page) take(event);
}

/** The newest snapshot of a stream: what it was restored to, or why it cannot be used. */
export type SnapshotStart =
  | {
      readonly kind: 'restored';
      readonly actor: FoldedStream;
      /** The event that it was taken at. */
      readonly at: RecordedEvent;
      readonly unfolded: Unfolded;
    }
  | { readonly kind: 'refused'; readonly version: number; readonly fault: SnapshotFault };

/** @returns null without a snapshot. @param chartFor by its id */
export async function startAtSnapshot(
  journal: FoldSource,
  stream: string,
  asOf: AsOf,
  chartFor: (id: string) => Chart | null,
): Promise<SnapshotStart | null> {
  const snapshot = (await journal.snapshot?.(stream, asOf)) ?? null;
  if (snapshot === null) return null;
  const { version, position, chart } = snapshot;
  const restored = restoreSnapshot(chartFor(chart.id), snapshot);
  if (restored.kind === 'refused') return { kind: 'refused', version, fault: restored.fault };
  // The event that it was taken at has to be there still: one read says so, and what came since.
  const pages = pagesOf(journal, stream, version - 1, asOf);
  const [at, ...since] = (await pages.next()).value ?? [];
  if (at?.version !== version || at.position !== position) return { kind: 'refused', version, fault: 'beyond' };
  return { kind: 'restored', actor: restored.actor, at, unfolded: { since, pages } };
}

export function isBeyond({ version, position }: Pick<RecordedEvent, 'version' | 'position'>, asOf: AsOf): boolean {
  return (
    (asOf.version !== undefined && version > asOf.version) || (asOf.position !== undefined && position > asOf.position)
  );
}

/**
 * Snapshots of one stream. Evenly spread, they leave a fold from the nearest one at most a 128th part of the stream: of
 * 3,000,000 events some 23,000, which take a third of a second.
 */
export const MAX_SNAPSHOTS = 256;

/** Which of a stream's snapshots go when there are too many: every other one, and never the newest. */
export function surplusOf(versions: readonly number[]): readonly number[] {
  if (versions.length <= MAX_SNAPSHOTS) return [];
  return versions.toSorted((a, b) => b - a).filter((_, i) => i % 2 === 1);
}

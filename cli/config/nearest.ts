/** Edit distance with transposition of neighbours (optimal string alignment, Damerau 1964). */
function distance(source: string, target: string): number {
  const rows: number[][] = [Array.from({ length: target.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= source.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= target.length; j++) {
      const swap = source[i - 1] === target[j - 1] ? 0 : 1;
      let least = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + swap);
      if (i > 1 && j > 1 && source[i - 1] === target[j - 2] && source[i - 2] === target[j - 1])
        least = Math.min(least, cell(i - 2, j - 2) + 1);
      rows[i]?.push(least);
    }
  }
  return cell(source.length, target.length);
}

/** Longer texts are not compared: nobody mistypes them, and the table grows with the square. */
const MAX_LENGTH = 64;

/** The candidate that was probably meant, or null: at most a third of the letters differ. */
export function nearest(text: string, candidates: readonly string[]): string | null {
  if (text.length > MAX_LENGTH) return null;
  const limit = Math.max(1, Math.floor(text.length / 3));
  let best: { readonly candidate: string; readonly distance: number } | null = null;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) > limit) continue;
    const d = distance(text.toLowerCase(), candidate.toLowerCase());
    if (d <= limit && (best === null || d < best.distance)) best = { candidate, distance: d };
  }
  return best?.candidate ?? null;
}

/** Candidates that are listed where nothing is near. */
const MAX_LISTED = 12;

/** `Did you mean "pns"?`, or the list of what there is. */
export function suggestion(text: string, candidates: readonly string[]): string {
  const near = nearest(text, candidates);
  if (near !== null) return `Did you mean ${JSON.stringify(near)}?`;
  if (candidates.length === 0) return 'There are none.';
  const listed = candidates.slice(0, MAX_LISTED).join(', ');
  return `There are: ${listed}${candidates.length > MAX_LISTED ? ', ...' : ''}.`;
}

const same = (value: number): number => value;

/** Number of ascending values that are not beyond the limit. @param by what of each ascends */
export function countUpTo(values: readonly number[], limit: number, by: (value: number) => number = same): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = values[middle];
    if (value !== undefined && by(value) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last of them. */
export function lastUpTo(values: readonly number[], limit: number, by?: (value: number) => number): number | undefined {
  return values[countUpTo(values, limit, by) - 1];
}

/** The same work twice: by ours and by bare calls. Each gives its results, so that they can be compared. */
export interface Pair {
  readonly name: string;
  readonly ours: () => readonly Uint8Array[];
  readonly floor: () => readonly Uint8Array[];
}

/**
 * A floor that does other work is noticed: one byte more in any of its results.
 * @throws Error that names the pair
 */
export function assertTellsApart(pair: Pair): void {
  const results = pair.floor();
  for (const index of results.keys()) {
    const changed = results.map((bytes, place) => (place === index ? Buffer.concat([bytes, Buffer.of(0)]) : bytes));
    if (isSameWork(pair.ours(), changed))
      throw new Error(`${pair.name}: another result ${index} of the floor is not noticed. Nothing is measured.`);
  }
}

function isSameWork(ours: readonly Uint8Array[], floor: readonly Uint8Array[]): boolean {
  const [one, other] = [Buffer.concat(ours), Buffer.concat(floor)];
  return one.length > 0 && one.equals(other);
}

/**
 * What is measured must be the same work: the results of both, one after the other, are the same bytes.
 * @throws Error that names the pair
 */
export function assertEqualResults({ name, ours, floor }: Pair): void {
  const [one, other] = [ours(), floor()];
  if (isSameWork(one, other)) return;
  const hex = (results: readonly Uint8Array[]): string => Buffer.concat(results).toString('hex');
  throw new Error(`${name}: ours gives ${hex(one)}, the floor ${hex(other)}. Nothing is measured.`);
}

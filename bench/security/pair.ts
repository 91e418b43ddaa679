/** The same work twice: by ours and by bare calls. Each gives its results, so that they can be compared. */
export interface Pair {
  readonly name: string;
  readonly ours: () => readonly Uint8Array[];
  readonly floor: () => readonly Uint8Array[];
}

/**
 * What is measured must be the same work: the results of both, one after the other, are the same bytes.
 * @throws Error that names the pair
 */
export function assertEqualResults({ name, ours, floor }: Pair): void {
  const [one, other] = [Buffer.concat(ours()), Buffer.concat(floor())];
  if (one.length === 0 || !one.equals(other)) {
    throw new Error(
      `${name}: ours gives ${one.toString('hex')}, the floor ${other.toString('hex')}. Nothing is measured.`,
    );
  }
}

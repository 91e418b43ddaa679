/** The first retry comes soon: most outages are a restart. */
export const RECONNECT_FIRST_DELAY_MS = 50;
/** No later than this after the server is back, a role is back too. */
export const RECONNECT_MAX_DELAY_MS = 2_000;

/**
 * How long to wait before the next round of attempts: doubles from `RECONNECT_FIRST_DELAY_MS` to `RECONNECT_MAX_DELAY_MS`,
 * of which a random half is taken off so that many roles do not come back in one instant ("equal jitter").
 * @param round failed rounds so far, from 1
 * @param jitter 0 up to 1
 * @returns milliseconds
 */
export function backOffMs(round: number, jitter: number): number {
  const ceiling = Math.min(RECONNECT_MAX_DELAY_MS, RECONNECT_FIRST_DELAY_MS * 2 ** (round - 1));
  return Math.round(ceiling * (1 - jitter / 2));
}

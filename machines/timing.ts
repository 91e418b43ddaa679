/** How long one waits for an answer, and how often one asks. Delays in milliseconds. */
export interface RetryPolicy {
  readonly firstMs: number;
  readonly factor: number;
  readonly attempts: number;
}

/** PN GW -> CPNS Server: 0.5 s, 1, 2, 4, 8: given up after 15.5 s. */
export const WAN_RETRY: RetryPolicy = { firstMs: 500, factor: 2, attempts: 5 };

/**
 * PNE -> PN GW: 1 s, 2, 4, 8, 16, 32: given up after 63 s. Longer than two exchanges of the PN GW with the server (a
 * stranger needs two), so that the PNE still listens when the PN GW has given up and says so.
 */
export const LINK_RETRY: RetryPolicy = { firstMs: 1_000, factor: 2, attempts: 6 };

/**
 * "The session is over" -> the other end: 1 s, 2, 4, 8: after 15 s the keys are destroyed without an answer. Whoever closes
 * waits for it, and the other end loses nothing by not hearing of it but the news.
 */
export const CLOSE_RETRY: RetryPolicy = { firstMs: 1_000, factor: 2, attempts: 4 };

/** After a temporary refusal, before a new request: 2 s, 4, 8, ... 256 s; then the device gives up. */
export const BACK_OFF: RetryPolicy = { firstMs: 2_000, factor: 2, attempts: 8 };

/** The PN GW never gives up on its server; it asks at least this often. */
export const GATEWAY_BACK_OFF_CAP_MS = 30_000;

/** A provisional PNE that is not registered by then is removed: longer than the PN GW tries (2 x 15.5 s). */
export const PROVISIONAL_MS = 60_000;

/** @param attempt from 1 */
export function delayMs(policy: RetryPolicy, attempt: number): number {
  return policy.firstMs * policy.factor ** (attempt - 1);
}

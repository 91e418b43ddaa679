/** How many messages may come at once, and how many more each second from then on. */
export interface RateLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket: a message takes a token, and tokens come back evenly until there are `burst`. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** The bucket as it is now. A clock that was put back brings no tokens and takes none: the time starts anew. */
export function refilled(bucket: Bucket | undefined, { burst, perSecond }: RateLimit, nowMs: number): Bucket {
  if (bucket === undefined) return { tokens: burst, atMs: nowMs };
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return { tokens: Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1_000), atMs: nowMs };
}

export const hasToken = ({ tokens }: Bucket): boolean => tokens >= 1;

export function withoutToken({ tokens, atMs }: Bucket): Bucket {
  return { tokens: tokens - 1, atMs };
}

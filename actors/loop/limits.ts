/** Everything has a limit. */

/** Messages that wait for one unit of serialisation. One more is answered 429 by a PN GW, 503 by a server. */
export const MAX_MAILBOX = 4_096;

/** Steps of one unit that are computed ahead of their commit; the output gate holds their messages back. */
export const MAX_UNCOMMITTED = 512;

/** How often a step is done again after a version conflict. */
export const MAX_REDO = 16;

/**
 * Events of one step. The longest flow has 8; a PN GW that registered asks for each of its PNs, at most 1,000 (limit of
 * `GatewayRegistrationWanted`). More would be a chart that asks itself in a circle.
 */
export const MAX_EVENTS_PER_STEP = 1_024;

/** Equal refusals (same actor, same code) within this time are one event. */
export const REFUSAL_WINDOW_MS = 10_000;

/** Refusals that are summed side by side. */
export const MAX_REFUSAL_WINDOWS = 10_000;

/** Senders whose rate is watched at once; some 150 bytes each. Whoever sent least lately is forgotten, and starts full again. */
export const MAX_BUCKETS = 20_000;

/** A sender of too many messages is told so at most so often: who floods shall not make us flood. */
export const TOO_MANY_EVERY_MS = 1_000;

/** An actor that had nothing to do for so long leaves the memory; the journal brings it back. */
export const IDLE_MS = 60_000;

/** Actors in memory at once; some 2 KB each, and the state of a PN 100 bytes for each member. The least recently used leaves. */
export const MAX_CACHED_ACTORS = 20_000;

/** A timer of an actor that another process looks after is left to that process for so long after it is due. */
export const LEFT_TO_OTHERS_MS = 5_000;

/** After a failed commit a timer is tried again so much later. */
export const TIMER_RETRY_MS = 1_000;

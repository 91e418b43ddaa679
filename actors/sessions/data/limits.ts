import { MAX_CHUNK_BYTES } from '../../../security/data-frame.ts';
import type { RetryPolicy } from '../../../machines/timing.ts';
import { MAX_APPLICATION_BYTES } from '../../../messages/limits.ts';

/** Everything has a limit: what one session, and all of a process, may hold of data under way. */

/** A frame without an answer is sent again after 0.5 s, 1, 2, 4, 8, 16: after 31.5 s nobody knows. */
export const RESEND: RetryPolicy = { firstMs: 500, factor: 2, attempts: 6 };

/** Frames of a session that wait for their answer: 8 of 32 KiB fill a round trip of 20 ms at 100 Mbit/s. */
export const MAX_IN_FLIGHT = 8;

/** Messages of a session that wait to be sent, and their bytes. One more is refused (429). */
export const MAX_QUEUED = 64;
export const MAX_QUEUED_BYTES = 4 * 1_048_576;

/** Chunks of one message: as many as the largest has. */
export const MAX_CHUNKS = Math.ceil(MAX_APPLICATION_BYTES / MAX_CHUNK_BYTES);

/** Messages of a session of which some chunks are here: a sender has at most so many frames under way. */
export const MAX_PARTIALS = MAX_IN_FLIGHT;

/** Bytes of all of them in the process. */
export const MAX_PARTIAL_BYTES = 64 * 1_048_576;

/** A message whose next chunk does not come is forgotten: longer than its sender tries. */
export const PARTIAL_MS = 60_000;

/** Messages of a session that the application has at once. One more is refused (429). */
export const MAX_DELIVERIES = 16;

/** An application that does not answer by then no longer counts: its sender gave up before. */
export const DELIVERY_MS = 60_000;

/** Answers that are remembered for a frame that comes again: more than a sender has under way. */
export const MAX_ANSWERS = 64;

/** Frames that wait while a session is looked up, or an epoch is claimed. More are lost, and come again. */
export const MAX_HELD = 64;

/** What a session has to say about itself while it has no epoch to say it in. */
export const MAX_CONTROLS = 64;

/** The sender is told so often that its epoch is not taken: such frames may be forged. */
export const REKEY_NOTICE_MS = 1_000;

/** A sender that heard nothing for so long asks first whether the other end still has the epoch: it may have restarted. */
export const QUIET_MS = 5_000;

/** Sessions that are open at once; the one that was used least recently gives way. A channel takes some 4 KiB. */
export const MAX_CHANNELS = 10_000;

/** Sessions that were asked for and are not there. */
export const MAX_STRANGERS = 10_000;

/** Sessions that are being looked up. Frames of further ones are lost, and come again. */
export const MAX_OPENING = 1_000;

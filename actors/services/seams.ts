import type { Clock } from '../../seams/clock.ts';
import type { Entropy } from '../../seams/entropy.ts';
import type { Log } from '../../seams/log.ts';
import type { Wire } from '../../wire/port.ts';

/** What either end of the service leg is given. */
export interface ServiceSeams {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
}

/** Which server a message for a device is for, where several share the work. */
export interface ServiceSharing {
  /** Of this server. */
  readonly id: string;
  ownerOf(pnId: string): string;
  /** What was sent before may have been taken by another server; milliseconds since 1970 UTC. */
  mineSince(pnId: string): number;
}

/** What is asked on one subject, between the server and the one service that the secret is of. */
export interface Topic {
  readonly subject: string;
  /** 32 bytes, provisioned to both. */
  readonly secret: Uint8Array;
}

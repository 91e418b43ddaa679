import type { Clock } from '../seams/clock.ts';
import type { Log } from '../seams/log.ts';
import type { WireStatus } from './port.ts';

/** One copy of a message on its way to one subscription. */
export interface InFlight {
  /** Counts up from 1 in the order of publishing. */
  readonly id: number;
  readonly source: string;
  readonly target: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly reply?: string;
  readonly messageId?: string;
  readonly correlationId?: string;
}

export type Draft = Omit<InFlight, 'id' | 'target'>;

/** A wire as its network knows it. */
export interface AttachedWire {
  readonly name: string;
  readonly status: WireStatus;
  /** A cut or its end. A wire that never was connected goes on `connecting`. */
  turn(status: WireStatus): void;
}

/** Interest of one wire in a pattern. The network owns the list, the wire the handler. */
export interface Interest {
  readonly wire: AttachedWire;
  readonly pattern: string;
  readonly queue: string | null;
  readonly receive: (message: InFlight) => void;
}

/** What a wire in memory asks of the network that it is attached to. */
export interface MemoryHub {
  readonly clock: Clock;
  readonly log: Log;
  /** Sends one message to everybody concerned. Returns the number of copies, before any is lost. */
  send(draft: Draft): number;
  join(interest: Interest): void;
  leave(interest: Interest): void;
  /** The wire is closed. */
  forget(wire: AttachedWire): void;
  /** A subject that nobody else listens on. */
  inbox(): string;
}

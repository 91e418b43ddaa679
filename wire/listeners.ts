import type { Log } from '../seams/log.ts';
import type { Delivery, WireStatus } from './port.ts';

/** Runs a handler of somebody else: what it throws is told to the operator and goes no further. */
export function runHandler(log: Log, handler: (delivery: Delivery) => void, delivery: Delivery): void {
  try {
    handler(delivery);
  } catch (error) {
    log.error('a message handler failed', { subject: delivery.subject, error: describeError(error) });
  }
}

export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** A wire's status and those who watch it. Listeners hear changes only. */
export class StatusBoard {
  readonly #log: Log;
  readonly #listeners = new Set<(status: WireStatus) => void>();
  #status: WireStatus;

  constructor(log: Log, initial: WireStatus) {
    this.#log = log;
    this.#status = initial;
  }

  get status(): WireStatus {
    return this.#status;
  }

  listen(listener: (status: WireStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  turn(status: WireStatus): void {
    if (this.#status === status || this.#status === 'closed') return;
    this.#status = status;
    const listeners = [...this.#listeners];
    for (const listener of listeners) {
      try {
        listener(status);
      } catch (error) {
        this.#log.error('a status listener failed', { status, error: describeError(error) });
      }
    }
  }
}

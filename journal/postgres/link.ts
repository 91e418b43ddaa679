import type { CompiledQuery } from 'kysely';
import { closedError } from '../committer.ts';
import type { Address } from './address.ts';
import { Connection } from './connection.ts';
import { journalError, toJournalError } from './errors.ts';

/** A fail-over or a restart takes seconds. Whoever waits longer is told, for messages come again and people want to know. */
const RECONNECT_WITHIN_MS = 10_000;
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 2_000;
/** A read is harmless to repeat; one that ends three connections is not the connections' fault. */
const READ_ATTEMPTS = 3;

/** Before the n-th new attempt to connect, from 0. */
export function backOffMs(attempt: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** attempt, MAX_DELAY_MS);
}

/**
 * Tries again, later each time, while the server cannot be reached.
 * @throws JournalError `unreachable` when it did not come back in time, and whatever else `connect` throws
 */
export async function untilReached<T>({ name }: Address, connect: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + RECONNECT_WITHIN_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await connect();
    } catch (error) {
      const failure = toJournalError(error, name);
      if (failure.fault !== 'unreachable') throw failure;
      if (Date.now() >= giveUpAt) {
        const message = `Journal ${name}: its server has been away for ${RECONNECT_WITHIN_MS / 1_000} s.`;
        throw journalError('unreachable', message, failure);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, backOffMs(attempt)));
  }
}

/** A connection that is made again when it is gone. */
export class Link {
  readonly #address: Address;
  readonly #purpose: string;
  #connection: Connection | null;
  #opening: Promise<Connection> | null = null;
  #isClosed = false;

  /** @param connection the first one, if it is there already */
  constructor(address: Address, purpose: string, connection: Connection | null = null) {
    this.#address = address;
    this.#purpose = purpose;
    this.#connection = connection;
  }

  /** @throws JournalError `closed`; `unreachable` when the server did not come back in time; `denied` */
  async connected(): Promise<Connection> {
    if (this.#isClosed) throw closedError();
    if (this.#connection?.isLost === false) return this.#connection;
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return this.#opening;
  }

  /** Rows of a `select`, asked for again where the connection goes away meanwhile. @throws JournalError */
  async read<R>(query: CompiledQuery<R>): Promise<R[]> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.connected();
      try {
        return await connection.rows(query);
      } catch (error) {
        if (this.#isClosed) throw closedError();
        if (!connection.isLost || attempt === READ_ATTEMPTS) throw error;
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.end();
  }

  async #open(): Promise<Connection> {
    const connection = await untilReached(this.#address, () => {
      if (this.#isClosed) throw closedError();
      return Connection.open(this.#address, this.#purpose);
    });
    this.#connection = connection;
    if (!this.#isClosed) return connection;
    connection.end();
    throw closedError();
  }
}

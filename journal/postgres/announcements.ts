import type { Follower } from '../follower.ts';
import type { Address } from './address.ts';
import { Connection } from './connection.ts';
import { backOffMs } from './link.ts';
import { CHANNEL } from './statements.ts';

/** Made anew with each connection. @throws where it cannot be; then the connection is given up */
export type OnConnect = (connection: Connection) => Promise<void>;

/** How often the journal is read without an announcement: one may be lost, and a dead connection brings none. */
const READ_ANYWAY_MS = 5_000;

/**
 * Hears of other processes' commits on a connection of its own, and has them read. An announcement only wakes: what was
 * missed while there was no connection is read as soon as there is one again, and now and then in any case.
 */
export class Announcements {
  readonly #address: Address;
  readonly #writer: string;
  readonly #follower: Follower;
  readonly #onConnect: OnConnect;
  readonly #closed = Promise.withResolvers<void>();
  #isClosed = false;
  #running: Promise<void>;

  /** @param connection the first one; @param writer this process, whose own announcements are no news to it */
  constructor(options: {
    readonly address: Address;
    readonly connection: Connection;
    readonly writer: string;
    readonly follower: Follower;
    readonly onConnect: OnConnect;
  }) {
    this.#address = options.address;
    this.#writer = options.writer;
    this.#follower = options.follower;
    this.#onConnect = options.onConnect;
    this.#running = this.#run(options.connection);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.resolve();
    await this.#running;
  }

  async #run(first: Connection): Promise<void> {
    let next: Connection | null = first;
    for (let attempt = 0; !this.#isClosed; attempt++) {
      try {
        const connection = next ?? (await Connection.open(this.#address, 'listens'));
        next = null;
        try {
          await this.#listen(connection);
          attempt = 0;
        } finally {
          connection.end();
        }
      } catch {
        // The next attempt tells whether it is over; commits and reads report what is wrong.
      }
      if (!this.#isClosed) await this.#pause(backOffMs(attempt));
    }
  }

  /** Until the connection is gone or the journal is closed. */
  async #listen(connection: Connection): Promise<void> {
    connection.onNotification((writer) => {
      if (writer !== this.#writer) this.#follower.catchUp().catch(() => undefined);
    });
    await this.#onConnect(connection);
    await connection.command(`listen ${CHANNEL}`);
    while (!this.#isClosed && !connection.isLost) {
      await this.#follower.catchUp();
      await Promise.race([connection.lost, this.#pause(READ_ANYWAY_MS)]);
      if (!this.#isClosed && !connection.isLost) await connection.command('select 1');
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, delayMs);
    await Promise.race([over.promise, this.#closed.promise]);
    clearTimeout(timer);
  }
}

import type { Authenticator, NatsConnection } from '@nats-io/transport-node';
import { connect, errors } from '@nats-io/transport-node';
import type { Clock } from '../seams/clock.ts';
import type { Entropy } from '../seams/entropy.ts';
import type { Log } from '../seams/log.ts';
import { backOffMs, RECONNECT_MAX_DELAY_MS } from './back-off.ts';
import { describeError, type StatusBoard } from './listeners.ts';
import type { NatsAddress } from './nats-address.ts';

/** A server that has not finished its greeting by then is hung or no NATS server; the next one is tried. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Two unanswered pings end a dead connection: a cut cable is noticed within three intervals. */
export const PING_INTERVAL_MS = 10_000;
const MAX_UNANSWERED_PINGS = 2;
/** What was published before `close` has this long to leave. */
export const CLOSE_FLUSH_MS = 2_000;

export interface LinkOptions {
  readonly addresses: readonly NatsAddress[];
  readonly name: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly board: StatusBoard;
  readonly authenticator: Authenticator | null;
  /** Certificates, PEM, that servers reached by TLS are trusted by; null: those of the system. */
  readonly ca: string | null;
  /** Called with every new connection, before anybody hears that it stands. */
  readonly onUp: (connection: NatsConnection) => void;
}

/**
 * One connection after the other, for ever. The client's own reconnection is off: it buffers what is published meanwhile,
 * cannot be ended before the first connection, and gives up after two equal authentication failures.
 */
export class NatsLink {
  readonly #options: LinkOptions;
  #connection: NatsConnection | null = null;
  #endPause: () => void = () => {};
  #attempts = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    void this.#run();
  }

  /** The connection that stands, or null. */
  get connection(): NatsConnection | null {
    return this.#connection;
  }

  get #closed(): boolean {
    return this.#options.board.status === 'closed';
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    this.#options.board.turn('closed');
    this.#endPause();
    if (connection === null || connection.isClosed()) return;
    const leaving = connection.flush().catch(() => undefined);
    await Promise.race([leaving, connection.closed(), this.#pause(CLOSE_FLUSH_MS)]);
    this.#endPause();
    await connection.close();
  }

  async #run(): Promise<void> {
    const { addresses, log, clock, entropy, board } = this.#options;
    let told = '';
    for (let index = 0; !this.#closed; index += 1) {
      const address = addresses[index % addresses.length];
      if (address === undefined) throw new RangeError('a NATS wire needs at least one server address');
      this.#attempts += 1;
      try {
        const connection = await this.#dial(address);
        told = '';
        const since = clock.now();
        await this.#live(connection, address);
        if (clock.now() - since > RECONNECT_MAX_DELAY_MS) this.#attempts = 1;
      } catch (error) {
        const failure = describeError(error);
        if (failure !== told)
          log.warn('cannot connect to NATS, trying on', { server: address.address, error: failure });
        told = failure;
      }
      if (this.#attempts % addresses.length === 0 && !this.#closed) {
        const jitter = (entropy.bytes(1)[0] ?? 0) / 256;
        await this.#pause(backOffMs(this.#attempts / addresses.length, jitter));
      }
    }
    board.turn('closed');
  }

  #dial({ address, certifiedHost, authenticator }: NatsAddress): Promise<NatsConnection> {
    const { name, ca } = this.#options;
    const credentials = this.#options.authenticator ?? authenticator;
    // Without `host` the certificate of a server that is named by its IP address would have to be for `localhost`.
    const tls = { host: certifiedHost, ...(ca === null ? {} : { ca }) };
    return connect({
      servers: [address],
      name,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: MAX_UNANSWERED_PINGS,
      reconnect: false,
      // Node tries all addresses of a name by itself; the client would give up after the first.
      resolve: false,
      ignoreClusterUpdates: true,
      noAsyncTraces: true,
      ...(credentials === null ? {} : { authenticator: credentials }),
      ...(certifiedHost === null ? {} : { tls }),
    });
  }

  async #live(connection: NatsConnection, { address }: NatsAddress): Promise<void> {
    const { log, board, onUp } = this.#options;
    if (this.#closed) {
      await connection.close();
      return;
    }
    void this.#watch(connection);
    onUp(connection);
    this.#connection = connection;
    log.info('connected to NATS', { server: address, version: connection.info?.version ?? 'unknown' });
    board.turn('connected');
    const reason = await connection.closed();
    if (this.#closed) return;
    this.#connection = null;
    log.warn('connection to NATS lost', {
      server: address,
      error: reason instanceof Error ? describeError(reason) : 'ended',
    });
    board.turn('disconnected');
  }

  /** A refused publish or subscription is told by the server later and out of band: only here is it seen. */
  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type !== 'error') continue;
      if (status.error instanceof errors.PermissionViolationError) {
        const { operation, subject } = status.error;
        this.#options.log.error('NATS permission violation', { operation, subject });
      } else {
        this.#options.log.warn('NATS reports an error', { error: describeError(status.error) });
      }
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

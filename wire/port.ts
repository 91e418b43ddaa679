/**
 * The wire: subjects and bytes. Lossy, duplicating, reordering; never the system of record.
 * Adapters: `nats.ts`, `memory.ts`. Each is held to the contract in `test/wire/contract.ts`.
 */

export interface WireHeaders {
  readonly messageId: string;
  /** Left out where it would show what a sealed message is about. */
  readonly correlationId?: string;
}

export interface Delivery {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Subject to answer a query on; absent on protocol messages. */
  readonly reply?: string;
}

export interface Subscription {
  unsubscribe(): void;
  /** Asks for no more, and resolves when what was on its way here is handled, or the connection is lost. */
  drain(): Promise<void>;
}

export type WireStatus = 'connecting' | 'connected' | 'disconnected' | 'closed';

export interface Wire {
  /**
   * Sends and forgets. While disconnected the message is dropped (`false`): whoever needs it delivered retries.
   * @param subject dot-separated tokens, no wildcards
   * @throws WireError `refused` when it is no subject, or the payload is over what the wire carries (1 MiB)
   */
  publish(subject: string, payload: string | Uint8Array, headers?: WireHeaders): boolean;
  /**
   * @param pattern subject with `*` (one token) and a trailing `>` (one or more tokens)
   * @param options.queue members of one queue group share the messages, each goes to one of them
   * @throws WireError `refused` when it is no pattern, `closed`
   */
  subscribe(
    pattern: string,
    handler: (delivery: Delivery) => void,
    options?: { readonly queue?: string },
  ): Subscription;
  /**
   * Request/reply, for reads and for the services of the operator. While disconnected it waits for the connection within
   * its time.
   * @throws WireError `timeout`, `noResponders`, `refused`, `closed` (also when the connection is lost under way)
   */
  request(subject: string, payload: string | Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>;
  readonly status: WireStatus;
  onStatus(listener: (status: WireStatus) => void): () => void;
  /**
   * Resolves when the peer has what was published and subscribed before. While disconnected it waits for the connection.
   * @throws WireError `closed` (also when the connection is lost under way)
   */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export type WireFault = 'timeout' | 'noResponders' | 'closed' | 'refused';

export class WireError extends Error {
  override readonly name = 'WireError';
  readonly fault: WireFault;
  readonly remedy: string;
  constructor(fault: WireFault, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
    this.remedy = remedy;
  }
}

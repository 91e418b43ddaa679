import { closedError, lostError, noRespondersError, timeoutError } from './faults.ts';
import { runHandler, StatusBoard } from './listeners.ts';
import type { AttachedWire, InFlight, Interest, MemoryHub } from './memory-hub.ts';
import type { Delivery, Subscription, Wire, WireHeaders, WireStatus } from './port.ts';
import { assertPattern, assertPayload, assertSubject } from './subject.ts';

function toBytes(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload.slice();
}

/** One end of a `MemoryNetwork`. */
export class MemoryWire implements Wire, AttachedWire {
  readonly name: string;
  readonly #network: MemoryHub;
  readonly #board: StatusBoard;

  constructor(network: MemoryHub, name: string, initial: WireStatus) {
    this.#network = network;
    this.name = name;
    this.#board = new StatusBoard(network.log, initial);
  }

  get status(): WireStatus {
    return this.#board.status;
  }

  onStatus(listener: (status: WireStatus) => void): () => void {
    return this.#board.listen(listener);
  }

  turn(status: WireStatus): void {
    if (status === 'disconnected' && this.status === 'connecting') return;
    this.#board.turn(status);
  }

  publish(subject: string, payload: string | Uint8Array, headers?: WireHeaders): boolean {
    assertSubject(subject);
    const bytes = toBytes(payload);
    assertPayload(subject, bytes.length);
    if (this.status !== 'connected') return false;
    this.#network.send({ source: this.name, subject, payload: bytes, ...headers });
    return true;
  }

  subscribe(
    pattern: string,
    handler: (delivery: Delivery) => void,
    options: { readonly queue?: string } = {},
  ): Subscription {
    assertPattern(pattern);
    if (options.queue !== undefined) assertSubject(options.queue);
    if (this.status === 'closed') throw closedError();
    const interest: Interest = {
      wire: this,
      pattern,
      queue: options.queue ?? null,
      receive: ({ subject, payload, reply }: InFlight) =>
        runHandler(this.#network.log, handler, {
          subject,
          payload: payload.slice(),
          ...(reply === undefined ? {} : { reply }),
        }),
    };
    this.#network.join(interest);
    const unsubscribe = (): void => this.#network.leave(interest);
    // What was published before is delivered by then; what the network holds back has not arrived anywhere.
    return { unsubscribe, drain: () => Promise.resolve().then(unsubscribe) };
  }

  request(subject: string, payload: string | Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array> {
    assertSubject(subject);
    const bytes = toBytes(payload);
    assertPayload(subject, bytes.length);
    const inbox = this.#network.inbox();
    return new Promise((resolve, reject) => {
      if (this.status === 'closed') {
        reject(closedError());
        return;
      }
      let sent = false;
      const settle = (how: () => void): void => {
        disarm();
        unwatch();
        answers.unsubscribe();
        how();
      };
      const ask = (): void => {
        sent = true;
        const copies = this.#network.send({ source: this.name, subject, payload: bytes, reply: inbox });
        if (copies === 0) settle(() => reject(noRespondersError(subject)));
      };
      const answers = this.subscribe(inbox, (delivery) => settle(() => resolve(delivery.payload)));
      const disarm = this.#network.clock.after(options.timeoutMs, () =>
        settle(() => reject(timeoutError(subject, options.timeoutMs))),
      );
      const unwatch = this.onStatus((status) => {
        if (status === 'closed') settle(() => reject(closedError()));
        else if (status === 'connected' && !sent) ask();
        else if (status === 'disconnected' && sent) settle(() => reject(lostError(`a request on ${subject}`)));
      });
      if (this.status === 'connected') ask();
    });
  }

  flush(): Promise<void> {
    if (this.status === 'connected') return Promise.resolve();
    if (this.status === 'closed') return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const unwatch = this.onStatus((status) => {
        if (status === 'disconnected') return;
        unwatch();
        if (status === 'connected') resolve();
        else reject(closedError());
      });
    });
  }

  close(): Promise<void> {
    this.#network.forget(this);
    this.#board.turn('closed');
    return Promise.resolve();
  }
}

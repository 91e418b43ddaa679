import type { Clock } from '../../seams/clock.ts';
import type { Log } from '../../seams/log.ts';
import type { Delivery, Subscription, Wire, WireHeaders, WireStatus } from '../../wire/port.ts';
import {
  handedOver,
  handOver,
  isSealed,
  mayBeOn,
  parseSubject,
  readHandOver,
  SERVER_HEARS,
  wanUp,
} from '../../messages/subjects.ts';
import { Warnings } from '../../seams/warnings.ts';
import type { Membership } from './membership.ts';

const WAN_UP: ReadonlySet<string> = new Set(SERVER_HEARS);

/**
 * The wire of one CPNS Server among several. The queue group gives each message of a PN GW to any of them; it goes on to
 * the one that looks after this PN GW, as it came, sealed. Once: where the two differ over who that is, it is lost, as any
 * message may be, and its sender sends it again. Nothing that is sealed leaves for a PN GW of another: its owner answers
 * when the request is there again.
 */
export class HandOverWire implements Wire {
  readonly #wire: Wire;
  readonly #membership: Membership;
  readonly #warnings: Warnings;
  #passedOn = 0;
  #lost = 0;

  constructor(wire: Wire, membership: Membership, seams: { readonly clock: Clock; readonly log: Log }) {
    this.#wire = wire;
    this.#membership = membership;
    this.#warnings = new Warnings(seams.clock, seams.log);
  }

  /** Messages that went on to another server, and those that came from one that was mistaken. */
  get stats(): { readonly passedOn: number; readonly handedToNobody: number } {
    return { passedOn: this.#passedOn, handedToNobody: this.#lost };
  }

  get status(): WireStatus {
    return this.#wire.status;
  }

  publish(subject: string, payload: string | Uint8Array, headers?: WireHeaders): boolean {
    if (this.#isForAnother(subject)) return true;
    return this.#wire.publish(subject, payload, headers);
  }

  subscribe(
    pattern: string,
    handler: (delivery: Delivery) => void,
    options?: { readonly queue?: string },
  ): Subscription {
    if (!WAN_UP.has(pattern)) return this.#wire.subscribe(pattern, handler, options);
    const { id } = this.#membership;
    const both = [
      this.#wire.subscribe(handedOver(id), (delivery) => this.#take(delivery, handler)),
      this.#wire.subscribe(pattern, (delivery) => this.#sort(delivery, handler), options),
    ];
    return {
      unsubscribe: () => {
        for (const one of both) one.unsubscribe();
        this.#warnings.close();
      },
      drain: async () => {
        await Promise.all(both.map((one) => one.drain()));
        this.#warnings.close();
      },
    };
  }

  request(subject: string, payload: string | Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array> {
    return this.#wire.request(subject, payload, options);
  }

  onStatus(listener: (status: WireStatus) => void): () => void {
    return this.#wire.onStatus(listener);
  }

  flush(): Promise<void> {
    return this.#wire.flush();
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  /** A PN GW hears the highest numbers only: after one frame of ours it would not hear the server that looks after it any more. */
  #isForAnother(subject: string): boolean {
    if (!mayBeOn(['wan.down'], subject)) return false;
    const address = parseSubject(subject);
    return address !== null && isSealed(address) && !this.#membership.maySpeakFor(address.gatewayId);
  }

  #sort(delivery: Delivery, handler: (delivery: Delivery) => void): void {
    const address = parseSubject(delivery.subject);
    const owner = address === null ? null : this.#membership.ownerOf(address.gatewayId);
    if (address === null || owner === null || owner === this.#membership.id) {
      handler(delivery);
      return;
    }
    this.#passedOn += 1;
    this.#wire.publish(handOver(owner, address.gatewayId, address.type), delivery.payload);
  }

  #take({ subject, payload }: Delivery, handler: (delivery: Delivery) => void): void {
    const of = readHandOver(subject);
    if (of === null) return;
    const { gatewayId, type } = of;
    if (this.#membership.isMine(gatewayId)) {
      handler({ subject: wanUp(gatewayId, type), payload });
      return;
    }
    this.#lost += 1;
    this.#warnings.say('a message was handed over by a server that sees another ring', { gatewayId, type });
  }
}

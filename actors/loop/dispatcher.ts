import { unitOf } from '../../machines/streams.ts';
import type { Role, Route } from './role.ts';
import { routeOf } from './routing.ts';
import type { Clock } from '../../seams/clock.ts';
import type { Warnings } from '../../seams/warnings.ts';
import type { Delivery, Wire } from '../../wire/port.ts';
import type { Publisher } from './publisher.ts';
import { RateLimiter, type Overdraft } from './rate-limiter.ts';
import type { Refusal } from './refusals.ts';
import type { Incoming } from '../../messages/incoming.ts';
import { decodeMessage, type Decoded } from '../../messages/decode.ts';

const NOT_RELAYED: Route = { kind: 'drop', reason: 'nothing is relayed here' };

export interface DispatcherOptions {
  readonly role: Role;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly warnings: Warnings;
  readonly publisher: Publisher;
  /** Takes a message for an actor. @returns whether there was room */
  readonly enqueue: (stream: string, message: Incoming) => boolean;
  /** Takes the data of the sessions; where there is nobody to it is dropped. */
  readonly data: ((message: Incoming) => void) | undefined;
  /** Records a message that nothing was computed for. @returns whether it is the first of its kind */
  readonly refuse: (refusal: Refusal) => 'first' | 'like';
}

type Malformed = Extract<Decoded, { readonly kind: 'malformed' }>;

/** What comes off the wire, on its way to an actor: decoded, charged to its sender, and routed; or it ends here. */
export class Dispatcher {
  readonly counts = { malformed: 0, dropped: 0, busy: 0, limited: 0 };
  readonly #options: DispatcherOptions;
  readonly #limiter: RateLimiter;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#limiter = new RateLimiter(options.clock);
  }

  deliver(delivery: Delivery): void {
    const { role, wire, warnings, publisher, enqueue, data } = this.#options;
    const decoded = decodeMessage(delivery.subject, delivery.payload);
    if (decoded.kind === 'malformed') {
      this.#refuseMalformed(decoded);
      return;
    }
    const { message } = decoded;
    const overdrawn = this.#limiter.overdrawn(role.charges?.(message) ?? []);
    if (overdrawn !== null) {
      this.#refuseOverdrawn(message, overdrawn);
      return;
    }
    const route = this.#routeOf(message);
    if (route.kind === 'relay') wire.publish(route.subject, route.payload, message);
    else if (route.kind === 'data' && data !== undefined) data(message);
    else if (route.kind === 'data') this.#drop(message, 'no channels here');
    else if (route.kind === 'drop') this.#drop(message, route.reason);
    else if (!enqueue(route.stream, message)) {
      this.counts.busy += 1;
      warnings.say('mailbox full', { unit: unitOf(route.stream) });
      publisher.notice(message, role.busy);
    }
  }

  #routeOf(message: Incoming): Route {
    const { role } = this.#options;
    if (role.isForeign?.(message) === true) return { kind: 'drop', reason: 'not for this process' };
    return routeOf(role.name, message, (relayed) => role.relay?.(relayed) ?? NOT_RELAYED);
  }

  /** Nothing is looked up or computed for it. */
  #refuseOverdrawn(message: Incoming, { charge: { stream, from }, tell }: Overdraft): void {
    this.counts.limited += 1;
    const { warnings, publisher, refuse } = this.#options;
    const refusal = { stream, message: message.content.type, from, code: 429 } as const;
    if (refuse(refusal) === 'first') warnings.say('too many messages', { from, type: refusal.message });
    if (tell === 'now') publisher.notice(message, refusal.code);
  }

  #refuseMalformed({ address, code, reason, messageId, correlationId }: Malformed): void {
    this.counts.malformed += 1;
    const { warnings, publisher } = this.#options;
    warnings.say('malformed message', { code, reason, from: address?.deviceId ?? address?.gatewayId ?? null });
    if (address !== null) publisher.noticeTo(address, code, { messageId, correlationId });
  }

  #drop(message: Incoming, reason: string): void {
    this.counts.dropped += 1;
    this.#options.warnings.say('message dropped', { type: message.content.type, from: message.gatewayId, reason });
  }
}

import { z } from 'zod';
import { KeyId } from '../../../events/fields.ts';
import { fromBase64url, toBase64url } from '../../../security/base64url.ts';
import {
  frameCounter,
  MAX_COUNTER,
  MAX_START,
  type FrameNumber,
  type ReplayWindow,
} from '../../../security/replay-window.ts';
import { openFrame, sealFrame, type SessionKeys } from '../../../security/session.ts';
import type { Clock } from '../../../seams/clock.ts';
import type { Log } from '../../../seams/log.ts';
import { Warnings } from '../../../seams/warnings.ts';
import type { Delivery, Subscription, Wire, WireHeaders, WireStatus } from '../../../wire/port.ts';
import { isSealed, mayBeOn, parseSubject, type Address } from '../../../messages/subjects.ts';
import { PROTOCOL_VERSION } from '../../../messages/envelope.ts';

/**
 * Between PN GW and CPNS Server everything is sealed in the session of the PN GW, but for the registration that makes
 * this session and the notice that says that there is none. A frame is bound to its subject and numbered; one that was
 * seen before, is too old or does not open is dropped: whoever waits for an answer sends again, under a new number.
 */

/** What a sealed message may have: 64 KiB and a tag in base64url, and the fields beside it. */
export const MAX_SEALED_BYTES = 87_403 + 1_024;

/** What stands on the wire in the place of a message. `start` and `counter` are the number of the frame. */
export const SealedMessage = z.strictObject({
  v: z.literal(PROTOCOL_VERSION),
  keyId: KeyId,
  start: z.int().min(0).max(MAX_START),
  counter: z.int().min(0).max(MAX_COUNTER),
  frame: z.string().regex(/^[A-Za-z0-9_-]{22,87403}$/),
});

/** The session in force with a PN GW, and which of its frames were seen. */
export interface Peer {
  readonly session: SessionKeys;
  readonly window: ReplayWindow;
}

/** Sessions of PN GWs, as the journal has them. */
export interface SessionBook {
  /** At once where it is known; null where there is none. */
  peer(gatewayId: string): Peer | null | Promise<Peer | null>;
  /** Number of the next frame. Never given out twice, over restarts too. */
  nextNumber(): FrameNumber;
  /** A frame was accepted: its window has to outlive a restart. */
  accepted(peer: Peer): void;
}

export interface SealedWireOptions {
  readonly wire: Wire;
  readonly book: SessionBook;
  readonly log: Log;
  readonly clock: Clock;
  /** A frame came under a session that is not in force: the server says so, so that the PN GW registers again. */
  readonly onUnknownSession: (gatewayId: string, keyId: string) => void;
}

const utf8 = new TextEncoder();

/** What a frame is called in the headers: nothing that it does not show anyway. The ids of its message are sealed. */
export const frameId = ({ keyId, start, counter }: FrameNumber & { readonly keyId: string }): string =>
  `${keyId}-${start}-${counter}`;

/** A wire whose WAN messages are sealed; everything else passes through. */
export class SealedWire implements Wire {
  readonly #wire: Wire;
  readonly #book: SessionBook;
  readonly #log: Log;
  readonly #warnings: Warnings;
  readonly #onUnknownSession: SealedWireOptions['onUnknownSession'];
  /** Keeps the order of messages while a session is being looked up. */
  #turn: Promise<void> | null = null;

  constructor({ wire, book, log, clock, onUnknownSession }: SealedWireOptions) {
    this.#wire = wire;
    this.#book = book;
    this.#log = log;
    this.#warnings = new Warnings(clock, log);
    this.#onUnknownSession = onUnknownSession;
  }

  get status(): WireStatus {
    return this.#wire.status;
  }

  publish(subject: string, payload: string | Uint8Array, headers?: WireHeaders): boolean {
    const address = sealedAddress(subject);
    if (address === null) return this.#wire.publish(subject, payload, headers);
    this.#withPeer(address, (peer) => {
      if (peer !== null) this.#seal(peer, subject, payload);
    });
    return this.status === 'connected';
  }

  subscribe(
    pattern: string,
    handler: (delivery: Delivery) => void,
    options?: { readonly queue?: string },
  ): Subscription {
    const subscription = this.#wire.subscribe(pattern, (delivery) => this.#receive(delivery, handler), options);
    return {
      unsubscribe: () => subscription.unsubscribe(),
      drain: async () => {
        await subscription.drain();
        // What came may still wait until its session is looked up.
        await this.#turn;
      },
    };
  }

  request(subject: string, payload: string | Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array> {
    return this.#wire.request(subject, payload, options);
  }

  onStatus(listener: (status: WireStatus) => void): () => void {
    return this.#wire.onStatus(listener);
  }

  async flush(): Promise<void> {
    await this.#turn;
    await this.#wire.flush();
  }

  async close(): Promise<void> {
    await this.#turn;
    this.#warnings.close();
    await this.#wire.close();
  }

  #seal(peer: Peer, subject: string, payload: string | Uint8Array): void {
    const { session } = peer;
    const { start, counter } = this.#book.nextNumber();
    const plaintext = typeof payload === 'string' ? utf8.encode(payload) : payload;
    const frame = toBase64url(sealFrame(session, frameCounter({ start, counter }), plaintext, utf8.encode(subject)));
    const { keyId } = session;
    const sealed = JSON.stringify({ v: PROTOCOL_VERSION, keyId, start, counter, frame });
    this.#wire.publish(subject, sealed, { messageId: frameId({ keyId, start, counter }) });
  }

  #receive(delivery: Delivery, handler: (delivery: Delivery) => void): void {
    const address = sealedAddress(delivery.subject);
    if (address === null) {
      handler(delivery);
      return;
    }
    const sealed = SealedMessage.safeParse(parse(delivery.payload)).data;
    if (sealed === undefined) {
      this.#refuse(address, 'not sealed');
      return;
    }
    this.#withPeer(address, (peer) => {
      const payload = this.#open(address, delivery.subject, sealed, peer);
      if (payload !== null) handler({ ...delivery, payload });
    });
  }

  #open(
    address: Address,
    subject: string,
    sealed: z.infer<typeof SealedMessage>,
    peer: Peer | null,
  ): Uint8Array | null {
    if (peer === null || peer.session.keyId !== sealed.keyId) {
      if (address.leg === 'wan.up') this.#onUnknownSession(address.gatewayId, sealed.keyId);
      return this.#refuse(address, 'unknown session');
    }
    if (!peer.window.isNew(sealed)) return this.#refuse(address, 'repeated frame');
    const frame = fromBase64url(sealed.frame);
    const bound = utf8.encode(subject);
    const payload = frame === null ? null : openFrame(peer.session, frameCounter(sealed), frame, bound);
    if (payload === null) return this.#refuse(address, 'does not open');
    peer.window.accept(sealed);
    this.#book.accepted(peer);
    return payload;
  }

  #refuse({ gatewayId, type }: Address, reason: string): null {
    this.#warnings.say('frame refused', { gatewayId, type, reason });
    return null;
  }

  /** At once where the session is known and nothing waits before; otherwise in turn, so that order is kept. */
  #withPeer({ gatewayId }: Address, work: (peer: Peer | null) => void): void {
    if (this.#turn !== null) {
      this.#inTurn(async () => work(await this.#book.peer(gatewayId)));
      return;
    }
    const peer = this.#book.peer(gatewayId);
    if (peer instanceof Promise) this.#inTurn(async () => work(await peer));
    else work(peer);
  }

  #inTurn(work: () => Promise<void>): void {
    const before = this.#turn ?? Promise.resolve();
    const turn = before.then(work).catch((error: unknown) => {
      this.#log.error('frame lost', { error: error instanceof Error ? error.message : String(error) });
    });
    this.#turn = turn;
    void turn.then(() => {
      if (this.#turn === turn) this.#turn = null;
    });
  }
}

const WAN = ['wan.up', 'wan.down'] as const;

function sealedAddress(subject: string): Address | null {
  if (!mayBeOn(WAN, subject)) return null;
  const address = parseSubject(subject);
  return address !== null && isSealed(address) ? address : null;
}

function parse(payload: Uint8Array): unknown {
  if (payload.byteLength > MAX_SEALED_BYTES) return null;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return null;
  }
}

import { RESPONSE_CODE_VALUES } from '../../../events/codes.ts';
import { delayMs } from '../../../machines/timing.ts';
import {
  chunkBytes,
  MAX_CHUNK_BYTES,
  sealData,
  type DataContent,
  type DataHeader,
} from '../../../security/data-frame.ts';
import { type Epoch, MAX_EPOCHS_AHEAD } from '../../../security/epochs.ts';
import { frameCounter } from '../../../security/replay-window.ts';
import type { Clock } from '../../../seams/clock.ts';
import { MAX_CONTROLS, MAX_IN_FLIGHT, MAX_QUEUED, MAX_QUEUED_BYTES, QUIET_MS, RESEND } from './limits.ts';
import type { SendOutcome, SessionSettings } from './port.ts';

export type Ack = Extract<DataContent, { readonly kind: 'ack' }>;

export interface SenderHost {
  readonly clock: Clock;
  readonly settings: SessionSettings;
  readonly direction: DataHeader['direction'];
  readonly keyId: string;
  /** An epoch that is ours alone, this one or a later one; null when the session is over or has another owner. */
  claim(least: number): Promise<Epoch | null>;
  /** @returns publishes the frame, as often as it is called */
  outbound(header: DataHeader, frame: Uint8Array): () => void;
  /** A chunk was acknowledged for the first time. */
  acknowledged(serviceId: string, bytes: number): void;
}

/** A message on its way, in chunks. */
interface Transfer {
  readonly serviceId: string;
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Number of the frame of its first chunk, once that is sealed. */
  number: bigint | null;
  next: number;
  acknowledged: number;
  readonly resolve: (outcome: SendOutcome) => void;
}

/** A frame that waits for its answer; without a transfer it is a `hello`. */
interface Flight {
  readonly transfer: Transfer | null;
  readonly frameBytes: number;
  readonly publish: () => void;
  attempt: number;
  cancel: () => void;
}

const UNREACHABLE: SendOutcome = { kind: 'refused', code: 503 };
const unknown = (reason: string): SendOutcome => ({ kind: 'unknown', reason });

/** The sending half of one end of a session: epochs, chunks, and the same bytes again until they are answered. */
export class Sender {
  readonly #host: SenderHost;
  #epoch: { readonly keys: Epoch; readonly since: number; used: number } | null = null;
  #claiming = false;
  /** Least epoch that the other end takes. */
  #least = 0;
  /** When the other end last showed that it holds the epoch in use. */
  #heardAt = 0;
  #waiting: Transfer[] = [];
  #waitingBytes = 0;
  #controls: DataContent[] = [];
  readonly #flights = new Map<string, Flight>();
  #ended = false;

  constructor(host: SenderHost) {
    this.#host = host;
  }

  get isIdle(): boolean {
    return this.#waiting.length + this.#flights.size + this.#controls.length === 0 && !this.#claiming;
  }

  send(serviceId: string, bytes: Uint8Array): Promise<SendOutcome> {
    if (this.#ended) return Promise.resolve({ kind: 'noSession' });
    if (this.#waiting.length >= MAX_QUEUED || this.#waitingBytes + bytes.length > MAX_QUEUED_BYTES) {
      return Promise.resolve({ kind: 'refused', code: 429 });
    }
    return new Promise((resolve) => {
      const count = Math.max(1, Math.ceil(bytes.length / MAX_CHUNK_BYTES));
      this.#waiting.push({ serviceId, bytes, count, number: null, next: 0, acknowledged: 0, resolve });
      this.#waitingBytes += bytes.length;
      this.#pump();
    });
  }

  /** Says something about the session itself. It goes out once: whoever misses it asks again. */
  say(content: DataContent): void {
    if (this.#ended) return;
    if (this.#controls.length >= MAX_CONTROLS) this.#controls.shift();
    this.#controls.push(content);
    this.#pump();
  }

  acked({ messageNumber, index, code: said }: Ack): void {
    const id = flightId(messageNumber, index);
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    this.#land(id, flight);
    this.#heardAt = this.#host.clock.now();
    const { transfer } = flight;
    if (transfer !== null) {
      this.#host.acknowledged(transfer.serviceId, chunkBytes(flight.frameBytes));
      transfer.acknowledged += 1;
      const code = RESPONSE_CODE_VALUES.find((known) => known === said) ?? 500;
      if (code !== 200) this.#finish(transfer, { kind: 'refused', code });
      else if (transfer.acknowledged === transfer.count) this.#finish(transfer, { kind: 'delivered' });
    }
    this.#pump();
  }

  /** The other end takes this epoch and later ones only: what is under way in an earlier one will not be answered. */
  rekey(least: number): void {
    const { keys } = this.#epoch ?? {};
    if (keys === undefined || least <= keys.epoch || least > keys.epoch + MAX_EPOCHS_AHEAD) return;
    this.#least = least;
    this.#giveUp(unknown('the other end lost the keys'));
    this.#pump();
  }

  /** The other end may have restarted, and have no key of the epoch in use: it is asked before more is sent. */
  doubt(): void {
    this.#heardAt = -Infinity;
  }

  /** The session is over. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#giveUp(unknown(reason));
    this.#failWaiting({ kind: 'noSession' });
    this.#controls = [];
    this.#epoch = null;
  }

  #pump(): void {
    if (this.#ended || this.#claiming) return;
    const { length } = this.#controls;
    if (length === 0 && this.#waiting.length === 0) return;
    // What is under way is answered under its own epoch first; what is said about the session may still go under it.
    if (this.#mustRekey && (this.#flights.size === 0 || this.#epoch === null)) {
      this.#claim();
      return;
    }
    while (this.#controls.length > 0) {
      const [content] = this.#controls.splice(0, 1);
      if (content !== undefined) this.#seal(null, () => content).outbound();
      if (this.#mustRekey && this.#flights.size === 0) {
        this.#pump();
        return;
      }
    }
    if (this.#waiting.length > 0 && this.#flights.size === 0 && this.#isQuiet) this.#fly(null);
    if (this.#isAsking) return;
    while (this.#flights.size < MAX_IN_FLIGHT && !this.#mustRekey) {
      const [transfer] = this.#waiting;
      if (transfer === undefined) return;
      this.#fly(transfer);
      if (transfer.next === transfer.count) this.#unqueue(transfer);
    }
  }

  get #mustRekey(): boolean {
    const { settings, clock } = this.#host;
    if (this.#epoch === null || this.#epoch.keys.epoch < this.#least) return true;
    const { used, since } = this.#epoch;
    return used >= settings.rekeyAfterMessages || Math.abs(clock.now() - since) >= settings.rekeyAfterMs;
  }

  get #isQuiet(): boolean {
    return Math.abs(this.#host.clock.now() - this.#heardAt) >= QUIET_MS;
  }

  get #isAsking(): boolean {
    for (const { transfer } of this.#flights.values()) if (transfer === null) return true;
    return false;
  }

  #claim(): void {
    this.#claiming = true;
    const claim = this.#host.claim(Math.max(this.#least, (this.#epoch?.keys.epoch ?? -1) + 1));
    void claim.then((keys) => {
      this.#claiming = false;
      if (this.#ended) return;
      if (keys === null) {
        this.end('no epoch could be claimed');
        return;
      }
      const now = this.#host.clock.now();
      this.#epoch = { keys, since: now, used: 0 };
      // An epoch that is new to the other end is taken, whatever it has lost.
      this.#heardAt = now;
      this.#pump();
    });
  }

  /** The next frame of the epoch. */
  #seal(serviceId: string | null, contentOf: (number: bigint) => DataContent) {
    const { direction, keyId } = this.#host;
    if (this.#epoch === null) throw new Error('A frame is sealed without an epoch: claim one first.');
    const { epoch } = this.#epoch.keys;
    const header: DataHeader = { direction, keyId, epoch, counter: this.#epoch.used, serviceId };
    const number = frameCounter({ start: epoch, counter: header.counter });
    const frame = sealData(this.#epoch.keys, header, contentOf(number));
    this.#epoch.used += 1;
    return { number, frameBytes: frame.length, outbound: this.#host.outbound(header, frame) };
  }

  /** The next chunk of a transfer, or a `hello`. */
  #fly(transfer: Transfer | null): void {
    const index = transfer?.next ?? 0;
    const { number, frameBytes, outbound } = this.#seal(transfer?.serviceId ?? null, (own) => {
      if (transfer === null) return { kind: 'hello' };
      transfer.number ??= own;
      const { number: messageNumber, count } = transfer;
      const bytes = transfer.bytes.subarray(index * MAX_CHUNK_BYTES, (index + 1) * MAX_CHUNK_BYTES);
      return { kind: 'chunk', messageNumber, index, count, bytes };
    });
    if (transfer !== null) transfer.next += 1;
    const flight = { transfer, frameBytes, publish: outbound, attempt: 1, cancel: () => {} };
    const id = flightId(transfer?.number ?? number, index);
    this.#flights.set(id, flight);
    flight.publish();
    this.#resendLater(id, flight);
  }

  #resendLater(id: string, flight: Flight): void {
    flight.cancel = this.#host.clock.after(delayMs(RESEND, flight.attempt), () => {
      if (flight.attempt === RESEND.attempts) {
        this.#unanswered(id, flight);
        return;
      }
      flight.attempt += 1;
      flight.publish();
      this.#resendLater(id, flight);
    });
  }

  #unanswered(id: string, flight: Flight): void {
    this.#land(id, flight);
    if (flight.transfer === null) this.#failWaiting(UNREACHABLE);
    else this.#finish(flight.transfer, unknown('no confirmation came'));
    this.#pump();
  }

  #land(id: string, flight: Flight): void {
    flight.cancel();
    this.#flights.delete(id);
  }

  /** The outcome of a message, and nothing of it is sent any more. */
  #finish(transfer: Transfer, outcome: SendOutcome): void {
    for (const [id, flight] of this.#flights) if (flight.transfer === transfer) this.#land(id, flight);
    this.#unqueue(transfer);
    transfer.resolve(outcome);
  }

  #giveUp(outcome: SendOutcome): void {
    for (const [id, flight] of this.#flights) {
      if (flight.transfer === null) this.#land(id, flight);
      else if (this.#flights.has(id)) this.#finish(flight.transfer, outcome);
    }
    for (const transfer of this.#waiting.filter(({ number }) => number !== null)) this.#finish(transfer, outcome);
  }

  /** Of what waits nothing was sent, but for the one whose first chunks were. */
  #failWaiting(outcome: SendOutcome): void {
    for (const transfer of this.#waiting.slice()) {
      this.#finish(transfer, transfer.number === null ? outcome : unknown('no confirmation came'));
    }
  }

  #unqueue(transfer: Transfer): void {
    const at = this.#waiting.indexOf(transfer);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#waitingBytes -= transfer.bytes.length;
  }
}

const flightId = (messageNumber: bigint, index: number): string => `${messageNumber}.${index}`;

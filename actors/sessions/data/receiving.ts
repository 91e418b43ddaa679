import type { ResponseCode } from '../../../events/codes.ts';
import { openData, type DataContent, type DataHeader } from '../../../security/data-frame.ts';
import { claimEpoch, MAX_EPOCHS_AHEAD, type Chain, type Epoch } from '../../../security/epochs.ts';
import { frameCounter, ReplayWindow } from '../../../security/replay-window.ts';
import type { Clock } from '../../../seams/clock.ts';
import { MAX_ANSWERS, MAX_HELD } from './limits.ts';

/** A data frame as it came off the wire. */
export interface Arrived {
  readonly header: DataHeader;
  readonly frame: Uint8Array;
}

export interface ReceiverHost {
  readonly clock: Clock;
  readonly graceMs: number;
  /** Makes this epoch ours alone. False when it is not free any more: the session has another owner. */
  claim(epoch: number): Promise<boolean>;
  /** A frame that was not seen before; what is returned is said to the sender, now and whenever the frame comes again. */
  take(arrived: Arrived, content: DataContent): DataContent | null | Promise<DataContent | null>;
  /** Says something to the other end. */
  say(content: DataContent): void;
  /** The other end went on to a later epoch. */
  turned(): void;
  /** A frame came under an epoch that is not taken: nobody can know any more who sealed it. */
  refused(least: number): void;
  dropped(reason: string): void;
}

interface Open {
  readonly epoch: Epoch;
  readonly window: ReplayWindow;
}

/** The receiving half of one end of a session: epochs, windows, and one answer for each frame. */
export class Receiver {
  readonly #host: ReceiverHost;
  /** Behind the epoch in use: what frames of a later epoch are tried with. */
  #chain: Chain;
  #current: Open | null = null;
  #previous: Open | null = null;
  #forgetPrevious: () => void = () => {};
  /** Frames that wait while an epoch is claimed. */
  #held: Arrived[] | null = null;
  readonly #answers = new Map<bigint, DataContent | null>();
  #ended = false;

  constructor(host: ReceiverHost, chain: Chain) {
    this.#host = host;
    this.#chain = chain;
  }

  get isIdle(): boolean {
    return this.#held === null;
  }

  receive(arrived: Arrived): void {
    if (this.#ended) return;
    if (this.#held !== null) {
      if (this.#held.length < MAX_HELD) this.#held.push(arrived);
      return;
    }
    const { epoch } = arrived.header;
    if (epoch >= this.#chain.epoch) this.#follow(arrived);
    else if (epoch === this.#current?.epoch.epoch) this.#open(this.#current, arrived);
    else if (epoch === this.#previous?.epoch.epoch) this.#open(this.#previous, arrived);
    else this.#host.refused(this.#current?.epoch.epoch ?? this.#chain.epoch);
  }

  end(): void {
    this.#ended = true;
    this.#forgetPrevious();
    this.#previous = null;
    this.#current = null;
    this.#held = null;
    this.#answers.clear();
  }

  /** A frame of a later epoch: only when it opens there is something to claim. */
  #follow(arrived: Arrived): void {
    const { header, frame } = arrived;
    const isNear = header.epoch - this.#chain.epoch <= MAX_EPOCHS_AHEAD;
    const ahead = isNear ? claimEpoch(this.#chain, header.epoch) : null;
    if (ahead === null || openData(ahead.claimed, header, frame) === null) {
      this.#host.dropped('does not open');
      return;
    }
    this.#held = [arrived];
    void this.#host.claim(header.epoch).then((isOurs) => {
      const held = this.#held ?? [];
      this.#held = null;
      if (this.#ended || !isOurs) return;
      this.#turnTo({ epoch: ahead.claimed, window: new ReplayWindow() }, ahead.rest);
      for (const one of held) this.receive(one);
    });
  }

  #turnTo(next: Open, rest: Chain): void {
    this.#forgetPrevious();
    this.#previous = this.#current;
    this.#current = next;
    this.#chain = rest;
    this.#host.turned();
    if (this.#previous === null) return;
    this.#forgetPrevious = this.#host.clock.after(this.#host.graceMs, () => {
      this.#previous = null;
    });
  }

  #open({ epoch, window }: Open, arrived: Arrived): void {
    const { header, frame } = arrived;
    const content = openData(epoch, header, frame);
    if (content === null) {
      this.#host.dropped('does not open');
      return;
    }
    const number = { start: header.epoch, counter: header.counter };
    const id = frameCounter(number);
    if (!window.isNew(number)) {
      const answer = this.#answers.get(id) ?? null;
      if (answer !== null) this.#host.say(answer);
      return;
    }
    window.accept(number);
    this.#answer(id, this.#host.take(arrived, content));
  }

  #answer(id: bigint, answer: DataContent | null | Promise<DataContent | null>): void {
    if (answer instanceof Promise) {
      this.#remember(id, null);
      void answer.then((late) => this.#answer(id, late));
      return;
    }
    if (answer === null || this.#ended) return;
    this.#remember(id, answer);
    this.#host.say(answer);
  }

  #remember(id: bigint, answer: DataContent | null): void {
    this.#answers.set(id, answer);
    if (this.#answers.size <= MAX_ANSWERS) return;
    const oldest = this.#answers.keys().next().value;
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}

export const ack = (messageNumber: bigint, index: number, code: ResponseCode): DataContent => ({
  kind: 'ack',
  messageNumber,
  index,
  code,
});

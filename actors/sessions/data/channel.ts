import type { ResponseCode } from '../../../events/codes.ts';
import { chunkBytes, type DataContent } from '../../../security/data-frame.ts';
import type { Chain, Direction, Epoch } from '../../../security/epochs.ts';
import { frameCounter } from '../../../security/replay-window.ts';
import type { Clock } from '../../../seams/clock.ts';
import { DELIVERY_MS, MAX_DELIVERIES, REKEY_NOTICE_MS } from './limits.ts';
import type { Deliver, SendOutcome, SessionSettings } from './port.ts';
import { Reassembly, type Chunk, type PartialBudget } from './reassembly.ts';
import { ack, Receiver, type Arrived } from './receiving.ts';
import { Sender, type SenderHost } from './sending.ts';
import type { UsageMeter } from './usage.ts';

/** Which session a channel is an end of, and by which PN GW it goes. */
export interface ChannelOf {
  readonly keyId: string;
  readonly pnId: string;
  readonly deviceId: string;
  readonly gatewayId: string;
  /** What this end sends. */
  readonly sends: Direction;
}

export interface ChannelHost {
  readonly clock: Clock;
  readonly settings: SessionSettings;
  readonly budget: PartialBudget;
  readonly meter: UsageMeter;
  readonly deliver: Deliver;
  readonly outbound: SenderHost['outbound'];
  /** An epoch that is ours alone: this one, or when it is for sending, a later one. Null ends the channel; never rejects. */
  claim(direction: Direction, epoch: number): Promise<Epoch | null>;
  dropped(reason: string): void;
}

const TOLD_NEVER = -REKEY_NOTICE_MS;

/** One end of one secure session while it is open: nothing of it outlives the process but the epochs that it claimed. */
export class Channel {
  readonly of: ChannelOf;
  readonly #host: ChannelHost;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #reassembly: Reassembly;
  #deliveries = 0;
  #toldAt = TOLD_NEVER;

  /** @param receiving what the other end's next epoch comes out of; not kept, for it leads to the keys that follow */
  constructor(of: ChannelOf, receiving: Chain, host: ChannelHost) {
    this.of = of;
    this.#host = host;
    const { clock, settings } = host;
    const receives = of.sends === 'up' ? 'down' : 'up';
    this.#reassembly = new Reassembly(clock, host.budget);
    this.#sender = new Sender({
      clock,
      settings,
      direction: of.sends,
      keyId: of.keyId,
      claim: (least) => host.claim(of.sends, least),
      outbound: host.outbound,
      acknowledged: (serviceId, bytes) => this.#count(serviceId, of.sends, bytes),
    });
    this.#receiver = new Receiver(
      {
        clock,
        graceMs: settings.graceMs,
        claim: async (epoch) => (await host.claim(receives, epoch)) !== null,
        take: (arrived, content) => this.#take(arrived, content),
        say: (content) => this.#sender.say(content),
        turned: () => this.#sender.doubt(),
        refused: (least) => this.#refused(least),
        dropped: host.dropped,
      },
      receiving,
    );
  }

  /** Nothing is under way, so that it may be closed. */
  get isIdle(): boolean {
    return this.#sender.isIdle && this.#receiver.isIdle && this.#reassembly.isEmpty && this.#deliveries === 0;
  }

  send(serviceId: string, bytes: Uint8Array): Promise<SendOutcome> {
    return this.#sender.send(serviceId, bytes);
  }

  receive(arrived: Arrived): void {
    this.#receiver.receive(arrived);
  }

  /** The session is over, or this process does not own it any more: its keys are forgotten. */
  end(reason: string): void {
    this.#sender.end(reason);
    this.#receiver.end();
    this.#reassembly.end();
  }

  #take({ header, frame }: Arrived, content: DataContent): DataContent | null | Promise<DataContent | null> {
    const { serviceId } = header;
    if (content.kind === 'chunk') {
      const { messageNumber, index } = content;
      if (serviceId === null) return ack(messageNumber, index, 400);
      this.#count(serviceId, header.direction, chunkBytes(frame.length));
      return this.#chunk(serviceId, content);
    }
    // What is said about the session is for no service, or a PN GW would charge for it.
    if (serviceId !== null) return null;
    switch (content.kind) {
      case 'ack':
        this.#sender.acked(content);
        return null;
      case 'rekey':
        this.#sender.rekey(content.epoch);
        return null;
      case 'hello':
        return ack(frameCounter({ start: header.epoch, counter: header.counter }), 0, 200);
    }
  }

  #chunk(serviceId: string, chunk: Chunk): DataContent | null | Promise<DataContent | null> {
    const { messageNumber, index } = chunk;
    if (this.#deliveries >= MAX_DELIVERIES) return ack(messageNumber, index, 429);
    const outcome = this.#reassembly.add(serviceId, chunk);
    switch (outcome.kind) {
      case 'kept':
        return ack(messageNumber, index, 200);
      case 'refused':
        return ack(messageNumber, index, outcome.code);
      case 'whole':
        return this.#deliver(serviceId, outcome.bytes).then((code) =>
          code === null ? null : ack(messageNumber, index, code),
        );
    }
  }

  /** Null when the application did not answer in time: then nobody knows. */
  async #deliver(serviceId: string, bytes: Uint8Array): Promise<ResponseCode | null> {
    const { deviceId, pnId } = this.of;
    this.#deliveries += 1;
    let cancel = (): void => {};
    const late = new Promise<null>((resolve) => {
      cancel = this.#host.clock.after(DELIVERY_MS, () => resolve(null));
    });
    try {
      return await Promise.race([this.#host.deliver({ deviceId, pnId, serviceId, bytes }), late]);
    } catch {
      return 503;
    } finally {
      cancel();
      this.#deliveries -= 1;
    }
  }

  #refused(least: number): void {
    const now = this.#host.clock.now();
    this.#host.dropped('old epoch');
    if (Math.abs(now - this.#toldAt) < REKEY_NOTICE_MS) return;
    this.#toldAt = now;
    this.#sender.say({ kind: 'rekey', epoch: least });
  }

  #count(serviceId: string, direction: Direction, bytes: number): void {
    const { pnId, deviceId, keyId } = this.of;
    this.#host.meter.count({ pnId, deviceId, keyId, serviceId, direction, bytes });
  }
}

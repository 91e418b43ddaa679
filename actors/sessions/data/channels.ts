import { Id } from '../../../events/fields.ts';
import type { RecordedEvent } from '../../../journal/port.ts';
import { fromBase64url, toBase64url } from '../../../security/base64url.ts';
import type { Runtime } from '../../loop/runtime.ts';
import type { Wire } from '../../../wire/port.ts';
import { Channel } from './channel.ts';
import { claim, openSession, wantClose } from './claims.ts';
import type { ArrivedData, End, Standing } from './ends.ts';
import { MAX_CHANNELS, MAX_HELD, MAX_OPENING, MAX_STRANGERS } from './limits.ts';
import { type Applications, type ApplicationMessage } from './port.ts';
import type { SendOutcome, SessionEnd } from './port.ts';
import { PartialBudget } from './reassembly.ts';
import type { SenderHost } from './sending.ts';
import type { UsageMeter } from './usage.ts';
import { MAX_APPLICATION_BYTES } from '../../../messages/limits.ts';
import type { Incoming } from '../../../messages/incoming.ts';
import { encodeMessage } from '../../../messages/envelope.ts';

export interface ChannelsOptions {
  readonly end: End;
  readonly runtime: Pick<Runtime, 'tell' | 'journal' | 'clock' | 'entropy' | 'warn'>;
  readonly wire: Wire;
  readonly applications: Applications;
  readonly meter: UsageMeter;
}

/** Events that put another session in force, or end one, and what is said of what was under way in it. */
const CHANGES: { readonly [type: string]: string | null } = {
  SecureSessionEstablished: null,
  SecureSessionConfirmed: null,
  SessionCloseWanted: 'the session was closed',
  SessionCloseReceived: 'the session was closed',
  SecureSessionClosed: 'the session is over',
};

/** All secure sessions of a process: each is opened when it is first used, and ended when its end is committed. */
export class Channels implements SessionEnd {
  readonly #options: ChannelsOptions;
  readonly #budget = new PartialBudget();
  /** By key id, the one used least recently first. */
  readonly #channels = new Map<string, Channel>();
  /** The one to send in, by stream. */
  readonly #sending = new Map<string, Channel>();
  /** Messages that wait while their session is looked up, by stream and key id. */
  readonly #opening = new Map<string, Incoming[]>();
  /** Sessions that carry no data, by stream and key id. */
  readonly #strangers = new Set<string>();
  readonly #closing = new Map<string, Set<() => void>>();
  #changes = 0;
  #stopped = false;
  readonly #unwatch: () => void;

  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.#unwatch = options.runtime.journal.onCommit((events) => events.forEach((event) => this.#committed(event)));
  }

  /** Takes a data message off the wire. */
  receive(message: Incoming): void {
    const arrived = this.#options.end.arrived(message);
    if (arrived === null || this.#stopped) return;
    const channel = this.#channels.get(arrived.body.keyId);
    if (channel === undefined) this.#await(arrived, message);
    else this.#hand(channel, arrived, message);
  }

  async send({ deviceId, pnId, serviceId, bytes }: ApplicationMessage): Promise<SendOutcome> {
    const isWellFormed = [deviceId, pnId, serviceId].every((id) => Id.safeParse(id).success);
    if (!isWellFormed || bytes.length > MAX_APPLICATION_BYTES) return { kind: 'refused', code: 400 };
    if (this.#stopped) return { kind: 'noSession' };
    const stream = this.#options.end.streamOf({ deviceId, pnId });
    try {
      const channel = this.#sending.get(stream) ?? (await this.#open(stream, null));
      if (channel === null || channel.of.pnId !== pnId) return { kind: 'noSession' };
      this.#sending.set(stream, channel);
      this.#use(channel);
      return await channel.send(serviceId, bytes.slice());
    } catch (error) {
      this.#options.runtime.warn('nothing sent', { stream, error: String(error) });
      return { kind: 'refused', code: 503 };
    }
  }

  async close(of: { readonly pnId: string; readonly deviceId: string }): Promise<'closed' | 'noSession'> {
    const { end, runtime } = this.#options;
    const stream = end.streamOf(of);
    const waiters = this.#closing.get(stream) ?? new Set();
    this.#closing.set(stream, waiters);
    let resolve = (): void => {};
    const isOver = new Promise<void>((done) => {
      resolve = done;
    });
    waiters.add(resolve);
    try {
      if ((await wantClose(runtime, end, of)) === 'noSession') return 'noSession';
      await isOver;
    } finally {
      waiters.delete(resolve);
      if (waiters.size === 0) this.#closing.delete(stream);
    }
    if (this.#stopped)
      throw new Error(`The process stops: the session of ${of.deviceId} is closed when it starts again.`);
    return 'closed';
  }

  letGo(keeps: (stream: string) => boolean): void {
    this.#changes += 1;
    this.#strangers.clear();
    for (const channel of this.#channels.values())
      if (!keeps(this.#options.end.streamOf(channel.of))) this.#end(channel, 'another server looks after it');
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#unwatch();
    for (const channel of this.#channels.values()) this.#end(channel, 'the process stops');
    this.#opening.clear();
    for (const waiters of this.#closing.values()) for (const resolve of waiters) resolve();
    return Promise.resolve();
  }

  #hand(channel: Channel, { stream, body }: ArrivedData, { gatewayId }: Incoming): void {
    const { keyId, epoch, counter, serviceId } = body;
    const { end } = this.#options;
    const frame = fromBase64url(body.frame);
    if (frame === null || end.streamOf(channel.of) !== stream || channel.of.gatewayId !== gatewayId) {
      this.#drop(stream, frame === null ? 'no base64url' : 'of another session');
      return;
    }
    this.#use(channel);
    const direction = end.sends === 'up' ? 'down' : 'up';
    channel.receive({ header: { direction, keyId, epoch, counter, serviceId }, frame });
  }

  /** Looks the session up once, however many of its messages come meanwhile. */
  #await({ stream, body: { keyId } }: ArrivedData, message: Incoming): void {
    const id = sessionId(stream, keyId);
    const waiting = this.#opening.get(id);
    if (this.#strangers.has(id) || (waiting === undefined && this.#opening.size >= MAX_OPENING)) {
      this.#drop(stream, 'no such session');
      return;
    }
    if (waiting !== undefined) {
      if (waiting.length < MAX_HELD) waiting.push(message);
      return;
    }
    this.#opening.set(id, [message]);
    void this.#open(stream, keyId)
      .then((channel) => {
        if (channel !== null) return;
        if (this.#strangers.size >= MAX_STRANGERS) this.#strangers.clear();
        this.#strangers.add(id);
      })
      .catch((error: unknown) => this.#options.runtime.warn('session not opened', { stream, error: String(error) }))
      .finally(() => {
        const held = this.#opening.get(id) ?? [];
        this.#opening.delete(id);
        if (this.#channels.has(keyId)) for (const one of held) this.receive(one);
        else this.#drop(stream, 'no such session');
      });
  }

  /** @throws Error when it could not be looked up, or there is no room for it */
  async #open(stream: string, keyId: string | null): Promise<Channel | null> {
    const { end, runtime } = this.#options;
    const before = this.#changes;
    const opened = await openSession(runtime, end, stream, keyId);
    if (this.#stopped) return null;
    if (before !== this.#changes) return this.#open(stream, keyId);
    if (opened === null) return null;
    const { standing, receiving } = opened;
    const known = this.#channels.get(standing.keyId);
    if (known !== undefined) return known;
    this.#makeRoom();
    const { clock } = runtime;
    const { deliver, settings } = this.#options.applications;
    const channel: Channel = new Channel({ ...standing, sends: end.sends }, receiving, {
      clock,
      settings,
      deliver,
      budget: this.#budget,
      meter: this.#options.meter,
      outbound: (header, frame) => this.#outbound(standing, header, frame),
      claim: async (direction, epoch) => {
        const wanted = { direction, epoch };
        const claimed = await claim(runtime, end, { stream, keyId: standing.keyId }, wanted).catch((error: unknown) => {
          runtime.warn('no epoch claimed', { stream, error: String(error) });
          return null;
        });
        // Not ours any more, or nobody knows: the next channel starts where the journal is.
        if (claimed === null) this.#end(channel, 'no epoch could be claimed');
        return claimed;
      },
      dropped: (reason) => this.#drop(stream, reason),
    });
    this.#channels.set(standing.keyId, channel);
    return channel;
  }

  #outbound(standing: Standing, header: Parameters<SenderHost['outbound']>[0], frame: Uint8Array): () => void {
    const { wire, end, runtime } = this.#options;
    const { keyId, epoch, counter, serviceId } = header;
    const text = { keyId, epoch, counter, serviceId, frame: toBase64url(frame) };
    const { subject, body } = end.outbound(standing, text);
    const messageId = runtime.entropy.id();
    const payload = encodeMessage({ subject, type: 'data', inReplyTo: null, body }, messageId, messageId);
    return () => void wire.publish(subject, payload, { messageId, correlationId: messageId });
  }

  #makeRoom(): void {
    if (this.#channels.size < MAX_CHANNELS) return;
    for (const channel of this.#channels.values()) {
      if (!channel.isIdle) continue;
      this.#end(channel, 'another session needs the room');
      return;
    }
    throw new Error(`${MAX_CHANNELS} sessions have data under way.`);
  }

  #use(channel: Channel): void {
    const { keyId } = channel.of;
    if (this.#channels.delete(keyId)) this.#channels.set(keyId, channel);
  }

  #end(channel: Channel, reason: string): void {
    const { keyId } = channel.of;
    const stream = this.#options.end.streamOf(channel.of);
    if (this.#channels.get(keyId) === channel) this.#channels.delete(keyId);
    if (this.#sending.get(stream) === channel) this.#sending.delete(stream);
    channel.end(reason);
  }

  #committed({ type, stream, data, meta }: RecordedEvent): void {
    const reason = CHANGES[type];
    if (reason === undefined || meta.chart.id !== this.#options.end.chart) {
      this.#moved(type, data);
      return;
    }
    this.#changes += 1;
    const keyId = String(data['keyId']);
    this.#strangers.delete(sessionId(stream, keyId));
    this.#sending.delete(stream);
    const channel = this.#channels.get(keyId);
    if (reason !== null && channel !== undefined) this.#end(channel, reason);
    if (type === 'SecureSessionClosed') for (const resolve of this.#closing.get(stream) ?? []) resolve();
  }

  /** A PN, or a PNE, that goes by another PN GW from now on. */
  #moved(type: string, { pnId, deviceId, gatewayId }: RecordedEvent['data']): void {
    if (type !== 'PnProvisioned' && type !== 'RegistrationWanted') return;
    for (const channel of this.#channels.values()) {
      const { of } = channel;
      const isOfIt = of.pnId === pnId && (deviceId === undefined || of.deviceId === deviceId);
      if (isOfIt && of.gatewayId !== gatewayId) this.#end(channel, 'another PN GW');
    }
  }

  #drop(stream: string, reason: string): void {
    this.#options.runtime.warn('data frame dropped', { stream, reason });
  }
}

const sessionId = (stream: string, keyId: string): string => `${stream} ${keyId}`;

import type { LiveMessage } from '../protocol/answers.ts';
import { momentToText, readMoment } from '../protocol/moment.ts';
import type { Feed } from './feed.ts';
import type { Timeline } from './timeline.ts';

/** Events that are told one by one; whoever missed more asks anew for what it shows. */
const MAX_TOLD = 500;
/** Bytes that may wait for a slow reader before it is told less. */
const MAX_WAITING = 256 * 1024;

/** Where an event stream is written to. */
export interface Sink {
  write(text: string): void;
  /** Bytes that were written and have not gone out. */
  readonly waitingBytes: number;
}

interface Listener {
  readonly sink: Sink;
  /** `seq` of the last event that it was told of. */
  told: number;
}

/**
 * Tells every open page what comes, by server-sent events (HTML Living Standard, 9.2). No page has a queue of its own: it
 * is told from where it stands, or to ask anew. So it never has a gap, however slow it is.
 */
export class Live {
  readonly #timeline: Timeline;
  readonly #feed: Feed;
  readonly #instance: string;
  readonly #listeners = new Set<Listener>();
  #journals: string;

  constructor(timeline: Timeline, feed: Feed, instance: string) {
    this.#timeline = timeline;
    this.#feed = feed;
    this.#instance = instance;
    this.#journals = standingOf(feed);
  }

  /** @param lastId id of the last message that the page had, of this instance or an earlier one. @returns what ends it */
  add(sink: Sink, lastId: string | null): () => void {
    const { total, moment } = this.#timeline;
    const listener = { sink, told: this.#resumesAt(lastId) ?? total };
    const kind = lastId === null || this.#resumesAt(lastId) !== null ? 'hello' : 'resync';
    this.#listeners.add(listener);
    this.#send(listener, { kind, instance: this.#instance, total, moment });
    this.#tell(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The timeline may have grown. */
  tellAll(): void {
    const journals = standingOf(this.#feed);
    for (const listener of this.#listeners) {
      if (journals !== this.#journals) this.#send(listener, { kind: 'journals', journals: this.#feed.journals });
      this.#tell(listener);
    }
    this.#journals = journals;
  }

  /** A line that means nothing: a connection that is gone shows. */
  keepAlive(): void {
    for (const { sink } of this.#listeners) if (sink.waitingBytes < MAX_WAITING) sink.write(':\n\n');
  }

  #tell(listener: Listener): void {
    const { total, moment } = this.#timeline;
    if (listener.told >= total || listener.sink.waitingBytes > MAX_WAITING) return;
    const missing = total - listener.told;
    const entries = missing > MAX_TOLD ? null : this.#timeline.entries(listener.told + 1);
    listener.told = total;
    if (entries === null) this.#send(listener, { kind: 'resync', instance: this.#instance, total, moment });
    else this.#send(listener, { kind: 'entries', total, moment, entries });
  }

  #send({ sink, told }: Listener, message: LiveMessage): void {
    const id = `${this.#instance}/${momentToText(this.#timeline.momentAt(told))}`;
    sink.write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`);
  }

  /** Null where the id is of another instance, whose order of events is not this one's. */
  #resumesAt(id: string | null): number | null {
    if (id === null || !id.startsWith(`${this.#instance}/`)) return null;
    const moment = readMoment(id.slice(this.#instance.length + 1));
    return moment === null ? null : this.#timeline.seqOf(moment);
  }
}

/** What pages are told of when it changes: what cannot be read, and what begins behind an archive. */
const standingOf = ({ journals }: Feed): string =>
  JSON.stringify(journals.map(({ name, archived, trouble }) => [name, archived, trouble]));

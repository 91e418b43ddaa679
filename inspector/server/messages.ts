import type { RecordedEvent } from '../../journal/port.ts';
import { endsOf, MessagePairs, MESSAGES, partyOf, type Exchange } from '../../replay/trace/messages.ts';
import { PARTIES, type Party } from '../../events/parties.ts';

/** A message that an event sends. */
export interface Sending {
  readonly title: string;
  readonly target: Party;
  /** Name of the message for both of its ends. */
  readonly message: string;
}

/** A message that both of its ends tell of, by the `seq` of their events. */
export interface Link {
  readonly title: string;
  readonly message: string;
  readonly sent: number;
  readonly received: number;
  readonly latencyMs: number | null;
}

/** The messages that the events of a timeline send and take in, as the auditor's trace pairs them. */
export class Messages {
  readonly #seqOf: (journal: string, position: number) => number | null;
  readonly #pairs = new MessagePairs(new Set(PARTIES));
  readonly #links = { sent: new Map<number, Link[]>(), received: new Map<number, Link[]>() };
  readonly #sendings = new Map<number, Sending[]>();
  readonly #sentMessages = new Set<string>();
  readonly #parties = new Set<Party>();

  /** @param seqOf of an event that has been taken */
  constructor(seqOf: (journal: string, position: number) => number | null) {
    this.#seqOf = seqOf;
  }

  /** These are about to come: whose they are is at hand. */
  expect(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      const party = partyOf(event);
      if (party !== null) this.#parties.add(party);
    }
  }

  take(journal: string, event: RecordedEvent, seq: number): void {
    for (const { end, rule, index, id } of endsOf(event)) {
      const message = `${index} ${id}`;
      // Sent once more it is the same message.
      if (end !== 'sent' || this.#sentMessages.has(message)) continue;
      this.#sentMessages.add(message);
      add(this.#sendings, seq, { title: rule.title, target: rule.target, message });
    }
    for (const exchange of this.#pairs.take({ journal, event })) this.#link(exchange);
  }

  /** Whether the event takes in a message whose sender is at hand, and has not been seen to send it. */
  awaits(event: RecordedEvent): boolean {
    return endsOf(event).some(
      ({ end, rule, index, id }) =>
        end === 'received' && this.#parties.has(rule.source) && !this.#sentMessages.has(`${index} ${id}`),
    );
  }

  /** Whether the event takes in a message at all: of what happened in the same millisecond, sending comes first. */
  takesIn(event: RecordedEvent): boolean {
    return endsOf(event).some(({ end }) => end === 'received');
  }

  /** Whether a journal of this party is here: then what it does not have did not arrive. */
  isAtHand(party: Party): boolean {
    return this.#parties.has(party);
  }

  /** Messages that the event is the first to send, whether or not they arrived. */
  sendings(seq: number): readonly Sending[] {
    return this.#sendings.get(seq) ?? [];
  }

  sentBy(seq: number): readonly Link[] {
    return this.#links.sent.get(seq) ?? [];
  }

  receivedBy(seq: number): readonly Link[] {
    return this.#links.received.get(seq) ?? [];
  }

  #link({ rule, id, sent, received, latencyMs }: Exchange): void {
    if (sent === null || received === null) return;
    const [from, to] = [sent, received].map(({ journal, event }) => this.#seqOf(journal, event.position));
    if (typeof from !== 'number' || typeof to !== 'number') return;
    const link = { title: rule.title, message: `${MESSAGES.indexOf(rule)} ${id}`, sent: from, received: to, latencyMs };
    add(this.#links.sent, from, link);
    add(this.#links.received, to, link);
  }
}

function add<Value>(lists: Map<number, Value[]>, key: number, value: Value): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [value]);
  else known.push(value);
}

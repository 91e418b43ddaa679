import type { RecordedEvent } from '../../journal/port.ts';
import { partyOfRole, ROLES, type Party } from '../../events/parties.ts';
import { MESSAGES as CATALOGUED } from '../../messages/catalogue.ts';
import { LEGS } from '../../messages/legs.ts';
import type { End, EndName } from '../../messages/row.ts';
import { SEALED_MESSAGES } from '../../messages/sealed-texts.ts';

/** Null for an event of a role that is none of the three. */
export function partyOf({ meta }: RecordedEvent): Party | null {
  return partyOfRole(meta.role);
}

/** An event of one of several journals. */
export interface Recorded {
  /** Name of the journal. */
  readonly journal: string;
  readonly event: RecordedEvent;
}

/** A message of the protocol as the events at its ends tell it: one event sends it, another one takes it in. */
export interface MessageRule {
  readonly title: string;
  readonly source: Party;
  readonly target: Party;
  readonly sent: readonly End[];
  readonly received: readonly End[];
  /** `sealed`: said in a secure session. `no`: anybody who gets at the subject can send it. */
  readonly authenticated: 'sealed' | 'yes' | 'no';
}

/** Every message that the journals tell of: of those between neighbours, then those in a secure session, past the PN GW. */
export const MESSAGES: readonly MessageRule[] = [
  ...CATALOGUED.flatMap(({ title, leg, sent, received, authenticated }): readonly MessageRule[] => {
    if (sent === undefined || received === undefined) return [];
    const { source, target } = LEGS[leg];
    return [
      { title, source: ROLES[source], target: ROLES[target], sent, received, authenticated: authenticated ?? 'yes' },
    ];
  }),
  ...SEALED_MESSAGES.flatMap(({ title, source, target, sent, received }): readonly MessageRule[] => {
    if (sent === undefined || received === undefined) return [];
    return [{ title, source, target, sent, received, authenticated: 'sealed' }];
  }),
];

/**
 * One message, seen from its two ends. `lost`: the journal of whoever should have it is at hand and does not; it may still
 * be under way. `unseen`: that journal is not at hand. `unrecorded`: it was taken in, and the journal of its sender, which
 * is at hand, has no event of it: an answer that came without an event, as to a refusal that was summed with others.
 */
export interface Exchange {
  readonly rule: MessageRule;
  /** What both ends call it. */
  readonly id: string;
  readonly kind: 'arrived' | 'lost' | 'unseen' | 'unrecorded';
  readonly sent: Recorded | null;
  readonly received: Recorded | null;
  /** From the clock of one machine to that of the other; negative where they disagree. Null without one of the ends. */
  readonly latencyMs: number | null;
}

/** Ends of messages that are still to be paired; the oldest are given up first. */
const MAX_OPEN = 100_000;

interface Open {
  readonly rule: MessageRule;
  readonly id: string;
  readonly sent: Recorded | null;
  readonly received: Recorded | null;
}

/**
 * Pairs the ends of messages while events are told, each journal in its own order, the journals in any order.
 * Bounded: of more than `MAX_OPEN` messages that wait for their other end, the oldest are told as they are.
 */
export class MessagePairs {
  readonly #at: ReadonlySet<Party>;
  readonly #open = new Map<string, Open>();

  /** @param at whose journals are at hand */
  constructor(at: ReadonlySet<Party>) {
    this.#at = at;
  }

  /** @returns messages that are settled by this event */
  take(recorded: Recorded): readonly Exchange[] {
    const settled: Exchange[] = [];
    for (const { rule, index, end, id } of endsOf(recorded.event)) {
      const key = `${index} ${id}`;
      const known = this.#open.get(key) ?? { rule, id, sent: null, received: null };
      // The first event counts: a later one is of the same message, sent or received once more.
      const open = known[end] === null ? { ...known, [end]: recorded } : known;
      if (open.sent === null || open.received === null) this.#open.set(key, open);
      else if (this.#open.delete(key)) settled.push(this.#exchange(open));
    }
    return this.#open.size > MAX_OPEN ? [...settled, ...this.#giveUp(this.#open.size - MAX_OPEN)] : settled;
  }

  /** @returns those that have one end only, in the order in which they were told */
  rest(): readonly Exchange[] {
    return this.#giveUp(this.#open.size);
  }

  #giveUp(count: number): readonly Exchange[] {
    const given: Exchange[] = [];
    for (const [key, open] of this.#open) {
      if (given.length === count) break;
      this.#open.delete(key);
      given.push(this.#exchange(open));
    }
    return given;
  }

  #exchange(open: Open): Exchange {
    const { sent, received } = open;
    const latencyMs = sent === null || received === null ? null : timeOf(received) - timeOf(sent);
    return { ...open, kind: this.#kind(open), latencyMs };
  }

  #kind({ rule, sent, received }: Open): Exchange['kind'] {
    if (sent === null) return this.#at.has(rule.source) ? 'unrecorded' : 'arrived';
    if (received !== null) return 'arrived';
    return this.#at.has(rule.target) ? 'lost' : 'unseen';
  }
}

const timeOf = ({ event }: Recorded): number => Date.parse(event.meta.recordedAt);

interface EndOf {
  readonly rule: MessageRule;
  readonly index: number;
  readonly end: 'sent' | 'received';
  readonly name: EndName;
}

/** Which ends of which messages an event is, with the id that both ends call the message. */
export function endsOf(event: RecordedEvent): readonly (Omit<EndOf, 'name'> & { readonly id: string })[] {
  const found = ENDS.get(typeOf(event)) ?? NO_ENDS;
  return found.flatMap(({ rule, index, end, name }) => {
    const id = nameOf(event, name);
    return id === null ? [] : [{ rule, index, end, id }];
  });
}

const NO_ENDS: readonly EndOf[] = [];

/** Which ends of which messages an event is, by its type. */
const ENDS: ReadonlyMap<string, readonly EndOf[]> = (() => {
  const ends = new Map<string, EndOf[]>();
  for (const [index, rule] of MESSAGES.entries())
    for (const end of ['received', 'sent'] as const)
      for (const [type, name] of rule[end]) ends.set(type, [...(ends.get(type) ?? []), { rule, index, end, name }]);
  return ends;
})();

function typeOf({ type, data, meta }: RecordedEvent): string {
  const refused = type === 'MessageRefused' && typeof data['message'] === 'string' ? ` ${data['message']}` : '';
  return `${meta.chart.id} ${type}${refused}`;
}

function nameOf({ data, meta }: RecordedEvent, name: EndName): string | null {
  if (name === 'messageId' || name === 'causationId') return meta[name];
  const value = data[name.slice('data.'.length)];
  return typeof value === 'string' ? value : null;
}

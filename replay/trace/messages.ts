import type { RecordedEvent } from '../../journal/port.ts';
import type { ChartId } from '../../machines/catalogue.ts';

/** Who takes part in the flows of the change request. */
export const PARTIES = ['PNE', 'PN GW', 'CPNS Server'] as const;
export type Party = (typeof PARTIES)[number];

const PARTY_OF_ROLE: { readonly [role: string]: Party } = {
  pne: 'PNE',
  'pn-gateway': 'PN GW',
  'cpns-server': 'CPNS Server',
};

/** Null for an event of a role that is none of the three. */
export function partyOf({ meta }: RecordedEvent): Party | null {
  return PARTY_OF_ROLE[meta.role] ?? null;
}

/** An event of one of several journals. */
export interface Recorded {
  /** Name of the journal. */
  readonly journal: string;
  readonly event: RecordedEvent;
}

/** What of an event names the message. */
type Name = 'messageId' | 'causationId' | `data.${string}`;

/** An event that is one end of a message: chart and type (of a refusal, what was refused as well), and the name in it. */
type End = readonly [type: `${ChartId} ${string}`, name: Name];

/** Message of the protocol as the events at its ends tell it: one event sends it, another one takes it in. */
export interface MessageRule {
  readonly title: string;
  readonly source: Party;
  readonly target: Party;
  readonly sent: readonly End[];
  readonly received: readonly End[];
}

const LINK_UP = { source: 'PNE', target: 'PN GW' } as const;
const LINK_DOWN = { source: 'PN GW', target: 'PNE' } as const;
const WAN_UP = { source: 'PN GW', target: 'CPNS Server' } as const;
const WAN_DOWN = { source: 'CPNS Server', target: 'PN GW' } as const;

/**
 * In the order of the flows; first what comes before either. A request is named by its own id, an answer by the id of the
 * request that it answers.
 */
export const MESSAGES: readonly MessageRule[] = [
  {
    title: 'PN GW Registration Request',
    ...WAN_UP,
    sent: [['pn-gateway/gateway GatewayRegistrationRequested', 'data.requestId']],
    received: [['cpns-server/gateway-registration GatewayRegistrationReceived', 'messageId']],
  },
  {
    title: 'PN GW Registration Response',
    ...WAN_DOWN,
    sent: [
      ['cpns-server/gateway-registration GatewayRegistrationAnswered', 'data.requestId'],
      ['cpns-server/gateway-registration MessageRefused gateway-registration-request', 'messageId'],
    ],
    received: [
      ['pn-gateway/gateway GatewayRegistered', 'causationId'],
      ['pn-gateway/gateway GatewayRegistrationRefused', 'causationId'],
    ],
  },
  {
    title: 'PN Establishment Request',
    ...WAN_UP,
    sent: [['pn-gateway/gateway PnEstablishmentRequested', 'data.requestId']],
    received: [
      ['cpns-server/personal-network PnEstablishmentReceived', 'messageId'],
      ['cpns-server/personal-network MessageRefused pn-establishment-request', 'messageId'],
    ],
  },
  {
    title: 'PN Establishment Response',
    ...WAN_DOWN,
    sent: [
      ['cpns-server/personal-network PnEstablishmentAnswered', 'data.requestId'],
      ['cpns-server/personal-network MessageRefused pn-establishment-request', 'messageId'],
    ],
    received: [
      ['pn-gateway/gateway PnEstablished', 'causationId'],
      ['pn-gateway/gateway PnEstablishmentRefused', 'causationId'],
    ],
  },
  {
    title: 'pairing request',
    ...LINK_UP,
    sent: [['pne/registration PairingRequested', 'data.requestId']],
    received: [
      ['pn-gateway/admission PairingFormed', 'messageId'],
      ['pn-gateway/admission MessageRefused pairing-request', 'messageId'],
    ],
  },
  {
    title: 'pairing response',
    ...LINK_DOWN,
    sent: [
      ['pn-gateway/admission PairingFormed', 'data.requestId'],
      ['pn-gateway/admission MessageRefused pairing-request', 'messageId'],
    ],
    received: [
      ['pne/registration PairingFormed', 'causationId'],
      ['pne/registration PairingRefused', 'causationId'],
    ],
  },
  {
    title: 'PNE Registration Request',
    ...LINK_UP,
    sent: [['pne/registration RegistrationRequested', 'data.requestId']],
    received: [
      ['pn-gateway/admission RegistrationRequestReceived', 'messageId'],
      ['pn-gateway/admission MessageRefused registration-request', 'messageId'],
    ],
  },
  {
    title: 'PN Update Request',
    ...WAN_UP,
    sent: [['pn-gateway/admission PnUpdateRequested', 'data.updateId']],
    received: [
      ['cpns-server/personal-network PnUpdateReceived', 'messageId'],
      ['cpns-server/personal-network MessageRefused pn-update-request', 'messageId'],
    ],
  },
  {
    title: 'PN Update Response',
    ...WAN_DOWN,
    sent: [
      ['cpns-server/personal-network PnUpdateAnswered', 'data.updateId'],
      ['cpns-server/personal-network MessageRefused pn-update-request', 'messageId'],
    ],
    received: [['pn-gateway/admission PnUpdateAnswered', 'causationId']],
  },
  {
    title: 'PNE Registration Request',
    ...WAN_UP,
    sent: [['pn-gateway/admission RegistrationForwarded', 'data.requestId']],
    received: [
      ['cpns-server/registration RegistrationRequestReceived', 'messageId'],
      ['cpns-server/registration MessageRefused registration-request', 'messageId'],
    ],
  },
  {
    title: 'PNE Registration Response',
    ...WAN_DOWN,
    sent: [
      ['cpns-server/registration RegistrationAnswered', 'data.requestId'],
      ['cpns-server/registration MessageRefused registration-request', 'messageId'],
    ],
    received: [
      ['pn-gateway/admission RegistrationAnswered', 'causationId'],
      ['pn-gateway/admission LateAnswerReceived', 'causationId'],
    ],
  },
  {
    title: 'PNE Registration Response',
    ...LINK_DOWN,
    sent: [
      ['pn-gateway/admission ResponseForwarded', 'data.requestId'],
      ['pn-gateway/admission MessageRefused registration-request', 'messageId'],
    ],
    received: [
      ['pne/registration RegistrationAccepted', 'causationId'],
      ['pne/registration RegistrationRefused', 'causationId'],
    ],
  },
  // The PN GW relays what it cannot read, and records nothing of it.
  {
    title: 'first sealed message',
    source: 'PNE',
    target: 'CPNS Server',
    sent: [['pne/registration SecureSessionEstablished', 'data.keyId']],
    received: [['cpns-server/registration SecureSessionEstablished', 'data.keyId']],
  },
  {
    title: 'sealed confirmation',
    source: 'CPNS Server',
    target: 'PNE',
    sent: [['cpns-server/registration SecureSessionEstablished', 'data.keyId']],
    received: [['pne/registration SecureSessionConfirmed', 'data.keyId']],
  },
  {
    title: 'usage report',
    ...WAN_UP,
    sent: [['pn-gateway/usage UsageReported', 'data.reportId']],
    received: [['cpns-server/charging GatewayUsageReceived', 'messageId']],
  },
  {
    title: 'usage report answer',
    ...WAN_DOWN,
    sent: [['cpns-server/charging GatewayUsageReceived', 'data.reportId']],
    received: [['pn-gateway/usage UsageReportAnswered', 'causationId']],
  },
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
  readonly name: Name;
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

function nameOf({ data, meta }: RecordedEvent, name: Name): string | null {
  if (name === 'messageId' || name === 'causationId') return meta[name];
  const value = data[name.slice('data.'.length)];
  return typeof value === 'string' ? value : null;
}

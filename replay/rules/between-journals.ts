import type { Json, JsonObject, RecordedEvent } from '../../journal/port.ts';
import { ownerOf } from '../owner.ts';
import { TEXT } from '../scratch/shelf.ts';
import { CATALOGUE } from '../../messages/catalogue.ts';
import { endsOf, MESSAGES, type MessageRule } from '../trace/messages.ts';
import { changesOf, INVENTORY_EVENTS } from './reading.ts';
import { SESSIONS } from './sessions.ts';
import { ToldTable, type Received, type Told } from './told.ts';
import type { Desk, Rule, Watch } from './watch.ts';
import { roleOfParty, type Party } from '../../events/parties.ts';
import { readStreamName } from '../../machines/streams.ts';

/** One end of an exchange, told by an event. */
interface End {
  readonly exchange: string;
  readonly id: string;
  readonly end: 'sent' | 'received';
  readonly facts: JsonObject;
  /** Owner of the journal in which the sending has to stand; null where it need not. */
  readonly from: string | null;
}

/**
 * What server, PN GW and devices record of each other. Whatever one of them took in, another one sent, and both say the
 * same of it. That something was sent and did not arrive is no contradiction: the wire loses.
 */
export const betweenJournals: Rule = {
  id: 'exchange',
  states: 'What one journal says that it was told stands in the journal of whoever said it, with the same content.',
  types: 'all',
  scope: 'between',
  watch: (desk) => new Between(desk),
};

class Between implements Watch {
  readonly #desk: Desk;
  readonly #table: ToldTable;
  /** Index of the journal of each owner. */
  readonly #journals;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#table = new ToldTable(desk.scratch.database);
    this.#journals = desk.scratch.shelf(TEXT);
  }

  take({ journal, event }: Parameters<Watch['take']>[0]): void {
    const ends = endsIn(event);
    if (ends.length === 0) return;
    const owner = ownerOf(event.stream, event.meta.chart.id);
    if (owner !== null && this.#journals.get(owner) === undefined) this.#journals.set(owner, `${journal}`);
    const { position, stream, version, type } = event;
    for (const { exchange, id, end, facts, from } of ends) {
      const told = { exchange, id, journal, position, stream, version, type, facts: JSON.stringify(facts) };
      if (end === 'sent') this.#table.sent(told);
      else this.#table.received({ ...told, from: from ?? '' });
    }
  }

  end(): void {
    /** By sender and receiver: the last position of the sender's journal that the receiver's journal has heard of. */
    const heard = new Map<string, number>();
    for (const { sent, received } of this.#table.pairs()) {
      if (sent.journal === received.journal) continue;
      const pair = `${sent.journal} ${received.journal}`;
      heard.set(pair, Math.max(sent.position, heard.get(pair) ?? 0));
      this.#compare(sent, received);
    }
    for (const received of this.#table.unsent()) this.#unsent(received, heard);
  }

  #compare(sent: Told, received: Told): void {
    const [there, here] = [factsOf(sent), factsOf(received)];
    const differ = Object.keys(here).filter(
      (name) => Object.hasOwn(there, name) && JSON.stringify(there[name]) !== JSON.stringify(here[name]),
    );
    if (differ.length === 0) return;
    const other = {
      journal: sent.journal,
      position: sent.position,
      says: `${sent.stream} ${sent.version} ${sent.type}: ${quoted(there, differ)}`,
    };
    this.#report(received, `${received.exchange} ${received.id}: ${quoted(here, differ)}`, other);
  }

  /**
   * Something was taken in that its sender does not know. Perhaps that journal was read as it was before: then it has heard
   * of nothing that this one said later.
   */
  #unsent(received: Received, heard: ReadonlyMap<string, number>): void {
    const sender = this.#journals.get(received.from);
    if (sender === undefined || Number(sender) === received.journal) return;
    const { journal, position, exchange, id, from } = received;
    const horizon = heard.get(`${journal} ${sender}`) ?? 0;
    if (position <= horizon) {
      this.#report(received, `${exchange} ${id}: the journal of ${from} does not have it, and goes on after it`, null);
    } else {
      const says = `${exchange} ${id}, which another journal has at position ${position}, is not in it: it may end before`;
      this.#desk.doubt(Number(sender), says);
    }
  }

  #report({ journal, position, stream, version, type, exchange }: Told, says: string, other: Other): void {
    const rule = RULE_OF.get(exchange) ?? 'exchange';
    this.#desk.report({ rule, journal, position, stream, version, type, state: null, possible: [], says, other });
  }
}

type Other = { readonly journal: number; readonly position: number; readonly says: string } | null;

function factsOf({ facts }: Told): JsonObject {
  const read: JsonObject = JSON.parse(facts);
  return read;
}

const MAX_QUOTED = 80;
const quoted = (facts: JsonObject, names: readonly string[]): string =>
  names.map((name) => `${name} ${JSON.stringify(facts[name] ?? null).slice(0, MAX_QUOTED)}`).join(', ');

/** Of an event, as it stands in the journal of whoever acted. */
function endsIn(event: RecordedEvent): readonly End[] {
  const facts = { ...readStreamName(event.stream)?.ids, ...event.data };
  const messages = endsOf(event).map(({ rule, id, end }): End => {
    const exchange = exchangeOf(rule);
    return { exchange, id, end, facts, from: end === 'sent' ? null : senderOf(rule, facts) };
  });
  return [...messages, ...furtherEnds(event, facts), ...inventoryEnds(event)];
}

/** Null where the journal of the named sender need not have it. */
function senderOf({ authenticated, source }: MessageRule, facts: JsonObject): string | null {
  if (authenticated === 'no') return null;
  // A refusal may have been summed with others like it, and then has no event of its own.
  if (typeof facts['code'] === 'number' && facts['code'] !== 200) return null;
  return ownerIn(source, facts);
}

function ownerIn(party: Party, { gatewayId, deviceId }: JsonObject): string | null {
  const role = roleOfParty(party);
  if (role === 'cpns-server') return role;
  const id = role === 'pne' ? deviceId : gatewayId;
  return typeof id === 'string' ? `${role}/${id}` : null;
}

const only = (facts: JsonObject, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map((name): [string, Json] => [name, facts[name] ?? null]));

/** What goes through the PN GW from end to end: it may neither alter nor invent it. */
function furtherEnds(event: RecordedEvent, facts: JsonObject): readonly End[] {
  const id = typeof facts['requestId'] === 'string' ? facts['requestId'] : null;
  if (id === null) return [];
  const { deviceId } = facts;
  const pne = typeof deviceId === 'string' ? `pne/${deviceId}` : null;
  const end = (exchange: string, which: End['end'], names: readonly string[], from: string | null = null): End => ({
    exchange,
    id,
    end: which,
    facts: only(facts, ...names),
    from,
  });
  const isAccepted = facts['code'] === 200;
  switch (`${event.meta.chart.id} ${event.type}`) {
    case 'pne/registration RegistrationRequested':
      return [
        end(REQUEST, 'sent', ['deviceId', 'pnId', 'gatewayId', 'handshake']),
        end(ACCEPTED, 'sent', ['deviceId', 'pnId']),
      ];
    case 'pn-gateway/admission RegistrationRequestReceived':
      return [end(RELAYED, 'sent', ['deviceId', 'pnId', 'gatewayId', 'handshake'])];
    case 'cpns-server/registration RegistrationRequestReceived': {
      const all = ['deviceId', 'pnId', 'gatewayId', 'handshake'];
      return [end(REQUEST, 'received', all), end(RELAYED, 'received', all)];
    }
    case 'cpns-server/registration RegistrationAnswered': {
      const sent = end(ANSWER, 'sent', ['deviceId', 'code', 'cpnsId', 'keyId']);
      return isAccepted ? [sent, end(ACCEPTED, 'received', ['deviceId', 'pnId'], pne)] : [sent];
    }
    case 'pne/registration RegistrationAccepted':
      return [end(ANSWER, 'received', ['deviceId', 'code', 'cpnsId', 'keyId'], 'cpns-server')];
    default:
      return [];
  }
}

const exchangeOf = ({ title, source, target }: MessageRule): string => `${title} (${source} to ${target})`;

const { title: request } = CATALOGUE['link.up']['registration-request'];
const { title: response } = CATALOGUE['link.down']['registration-response'];
const REQUEST = `${request} (end to end)`;
const RELAYED = `${request} (as relayed)`;
const ACCEPTED = `accepted ${request}`;
const ANSWER = `${response} (end to end)`;
const INVENTORY = 'change of the PN Inventory';

/** What is an invariant of its own. */
const RULE_OF: ReadonlyMap<string, string> = new Map([
  [INVENTORY, 'I4'],
  ...MESSAGES.filter(({ authenticated }) => authenticated === 'sealed').map(
    (rule) => [exchangeOf(rule), SESSIONS] as const,
  ),
]);

/** I4: each change that a PN GW takes in is one of the server's, and all of its revision come with it. */
function inventoryEnds(event: RecordedEvent): readonly End[] {
  if (!INVENTORY_EVENTS.some((type) => type === event.type)) return [];
  const inventory = changesOf(event);
  if (inventory === null) return [];
  const isLocal = event.type === 'LocalInventoryUpdated';
  const counts = new Map<number, number>();
  for (const { revision } of inventory.changes) counts.set(revision, (counts.get(revision) ?? 0) + 1);
  const seen = new Map<number, number>();
  return inventory.changes.map((change) => {
    const { revision } = change;
    const index = seen.get(revision) ?? 0;
    seen.set(revision, index + 1);
    return {
      exchange: INVENTORY,
      id: `${inventory.pnId} ${revision} ${index}`,
      end: isLocal ? 'received' : 'sent',
      facts: { ...change, changesOfRevision: counts.get(revision) ?? 0 },
      from: isLocal ? 'cpns-server' : null,
    };
  });
}

import { RESPONSE_CODE_VALUES, reasonPhrase, type ResponseCode } from '../../events/codes.ts';
import type { JournalReader, RecordedEvent } from '../../journal/port.ts';
import { MessagePairs, partyOf, type Exchange, type Recorded } from './messages.ts';
import { wordsOf } from './words.ts';
import type { CATALOGUE, ChartId } from '../../machines/catalogue.ts';
import { idInStream, type IdName } from '../../machines/streams.ts';
import { PARTIES, type Party } from '../../events/parties.ts';

/** A journal, and what it is called in what the auditor reads. */
export interface NamedJournal {
  readonly name: string;
  readonly journal: Pick<JournalReader, 'readCorrelation'>;
}

/** One event of a registration, with what it means. */
export interface TraceStep {
  readonly kind: 'event';
  /** Milliseconds since the first event, by the clocks of the machines that recorded them. */
  readonly sinceMs: number;
  readonly party: Party;
  readonly journal: string;
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  /** Step of the change request, e.g. `1.4.1/3`, or null. */
  readonly crStep: string | null;
  readonly says: string;
}

/** One message between two of the events. */
export interface TraceMessage {
  readonly kind: 'message';
  readonly title: string;
  readonly source: Party;
  readonly target: Party;
  readonly fate: Exchange['kind'];
  readonly latencyMs: number | null;
}

export type TraceEntry = TraceStep | TraceMessage;

/** What two journals say of one message, where they do not say the same. */
export interface Disagreement {
  readonly message: string;
  readonly versions: readonly { readonly journal: string; readonly position: number; readonly code: number }[];
}

export interface Outcome {
  readonly code: ResponseCode;
  readonly reason: string;
  readonly cpnsId: string | null;
  /** Who says so: the PNE where its journal is at hand, otherwise who is nearest to it. */
  readonly by: Party;
}

/** One registration, or whatever else one correlation id joins, over all journals at hand. */
export interface Trace {
  readonly correlationId: string;
  readonly deviceId: string | null;
  readonly pnId: string | null;
  readonly gatewayId: string | null;
  readonly flow: string | null;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: Outcome | null;
  readonly entries: readonly TraceEntry[];
  readonly disagreements: readonly Disagreement[];
  /** Parties of which no journal at hand has anything. */
  readonly missing: readonly Party[];
  /** Whether there were more events than are told. */
  readonly extent: 'whole' | 'cut';
}

/** A registration has some thirty events in all journals together; a correlation id that was used for ever is cut here. */
export const MAX_TRACE_EVENTS = 5_000;

/** @returns null where no journal has an event of this correlation */
export async function traceOf(journals: readonly NamedJournal[], correlationId: string): Promise<Trace | null> {
  const told: (readonly Recorded[])[] = [];
  let extent: Trace['extent'] = 'whole';
  for (const { name, journal } of journals) {
    const events = await journal.readCorrelation(correlationId, { limit: MAX_TRACE_EVENTS + 1 });
    if (events.length > MAX_TRACE_EVENTS) extent = 'cut';
    told.push(events.slice(0, MAX_TRACE_EVENTS).map((event) => ({ journal: name, event })));
  }
  const at = new Set(told.flat().flatMap(({ event }) => partyOf(event) ?? []));
  const exchanges = pairUp(told.flat(), at);
  const ordered = inOrder(told, exchanges);
  const [first, last] = [ordered.at(0), ordered.at(-1)];
  if (first === undefined || last === undefined) return null;
  const startMs = Math.min(...ordered.map(({ event }) => timeOf(event)));
  return {
    correlationId,
    ...subjectOf(ordered),
    startedAt: new Date(startMs).toISOString(),
    durationMs: Math.max(...ordered.map(({ event }) => timeOf(event))) - startMs,
    outcome: outcomeOf(ordered),
    entries: entriesOf(ordered, exchanges, startMs),
    disagreements: exchanges.flatMap(disagreementOf),
    missing: PARTIES.filter((party) => !at.has(party)),
    extent,
  };
}

const timeOf = (event: RecordedEvent): number => Date.parse(event.meta.recordedAt);

function pairUp(all: readonly Recorded[], at: ReadonlySet<Party>): readonly Exchange[] {
  const pairs = new MessagePairs(at);
  return [...all.flatMap((one) => pairs.take(one)), ...pairs.rest()];
}

/**
 * Each journal in its own order, and no message received before it was sent; beyond that the clocks decide. Where the
 * journals contradict each other, the earliest goes first: what is there is shown.
 */
function inOrder(told: readonly (readonly Recorded[])[], exchanges: readonly Exchange[]): readonly Recorded[] {
  const waitsFor = new Map<Recorded, Recorded>();
  for (const { sent, received } of exchanges) if (sent !== null && received !== null) waitsFor.set(received, sent);
  const next = told.map(() => 0);
  const gone = new Set<Recorded>();
  const ordered: Recorded[] = [];
  for (;;) {
    const heads = told.flatMap((events, index) => {
      const one = events[next[index] ?? 0];
      return one === undefined ? [] : [{ one, index }];
    });
    if (heads.length === 0) return ordered;
    const isReady = ({ one }: { readonly one: Recorded }): boolean => {
      const sent = waitsFor.get(one);
      return sent === undefined || gone.has(sent);
    };
    const candidates = heads.some(isReady) ? heads.filter(isReady) : heads;
    const earliest = candidates.reduce((a, b) => (timeOf(b.one.event) < timeOf(a.one.event) ? b : a));
    next[earliest.index] = (next[earliest.index] ?? 0) + 1;
    gone.add(earliest.one);
    ordered.push(earliest.one);
  }
}

/** A message stands before the event that takes it in; one that did not arrive stands behind the event that sent it. */
function entriesOf(
  ordered: readonly Recorded[],
  exchanges: readonly Exchange[],
  startMs: number,
): readonly TraceEntry[] {
  const before = groupBy(exchanges, ({ received }) => received);
  const after = groupBy(
    exchanges.filter(({ received }) => received === null),
    ({ sent }) => sent,
  );
  return ordered.flatMap((one) => [
    ...(before.get(one) ?? []).map(messageOf),
    ...stepOf(one, startMs),
    ...(after.get(one) ?? []).map(messageOf),
  ]);
}

function groupBy(
  exchanges: readonly Exchange[],
  by: (exchange: Exchange) => Recorded | null,
): ReadonlyMap<Recorded, readonly Exchange[]> {
  const groups = new Map<Recorded, Exchange[]>();
  for (const exchange of exchanges) {
    const key = by(exchange);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), exchange]);
  }
  return groups;
}

function messageOf({ rule: { title, source, target }, kind: fate, latencyMs }: Exchange): TraceMessage {
  return { kind: 'message', title, source, target, fate, latencyMs };
}

function stepOf({ journal, event }: Recorded, startMs: number): readonly TraceStep[] {
  const party = partyOf(event);
  if (party === null) return [];
  const { position, stream, type, meta } = event;
  const sinceMs = timeOf(event) - startMs;
  return [
    { kind: 'event', sinceMs, party, journal, position, stream, type, crStep: meta.crStep, says: wordsOf(event) },
  ];
}

function textOf({ data }: RecordedEvent, field: string): string | null {
  const value = data[field];
  return typeof value === 'string' ? value : null;
}

function subjectOf(ordered: readonly Recorded[]): Pick<Trace, 'deviceId' | 'pnId' | 'gatewayId' | 'flow'> {
  const first = (of: (event: RecordedEvent) => string | null): string | null =>
    ordered.map(({ event }) => of(event)).find((found) => found !== null) ?? null;
  const ofStream =
    (chart: ChartId, name: IdName) =>
    ({ meta, stream }: RecordedEvent): string | null =>
      meta.chart.id === chart ? idInStream(stream, name) : null;
  return {
    deviceId:
      first(ofStream('pne/registration', 'deviceId')) ??
      first(ofStream('pn-gateway/admission', 'deviceId')) ??
      first(ofStream('cpns-server/registration', 'deviceId')),
    pnId: first((event) => textOf(event, 'pnId')),
    gatewayId: first((event) => textOf(event, 'gatewayId')) ?? first(ofStream('pn-gateway/admission', 'gatewayId')),
    flow: first(({ meta }) => meta.crStep?.split('/')[0] ?? null),
  };
}

type EndsOf<Id extends ChartId> = Id extends ChartId
  ? { readonly chart: Id; readonly types: readonly (keyof (typeof CATALOGUE)[Id]['vocabulary'])[] }
  : never;

/** Events that tell how a registration ended, the one nearest to the PNE first. */
const ENDS: readonly EndsOf<ChartId>[] = [
  {
    chart: 'pne/registration',
    types: ['RegistrationAccepted', 'RegistrationRefused', 'PairingRefused', 'RegistrationTimedOut', 'PairingTimedOut'],
  },
  { chart: 'pn-gateway/admission', types: ['ResponseForwarded'] },
  { chart: 'cpns-server/registration', types: ['RegistrationAnswered'] },
  { chart: 'pn-gateway/gateway', types: ['GatewayRegistrationRefused', 'GatewayRegistrationTimedOut'] },
  { chart: 'cpns-server/gateway-registration', types: ['GatewayRegistrationAnswered'] },
];

function outcomeOf(ordered: readonly Recorded[]): Outcome | null {
  for (const { chart, types } of ENDS) {
    const end = ordered.findLast(
      ({ event: { meta, type } }) => meta.chart.id === chart && types.some((one) => one === type),
    );
    if (end === undefined) continue;
    const code = codeOf(end.event) ?? (end.event.type.endsWith('TimedOut') ? 408 : null);
    const by = partyOf(end.event);
    if (code === null || by === null) continue;
    const cpnsId = ordered.map(({ event }) => textOf(event, 'cpnsId')).find((found) => found !== null) ?? null;
    return { code, reason: reasonPhrase(code), cpnsId: code === 200 ? cpnsId : null, by };
  }
  return null;
}

function codeOf({ data }: RecordedEvent): ResponseCode | null {
  return RESPONSE_CODE_VALUES.find((known) => known === data['code']) ?? null;
}

function disagreementOf({ rule, sent, received }: Exchange): readonly Disagreement[] {
  if (sent === null || received === null) return [];
  const versions = [sent, received].flatMap(({ journal, event }) => {
    const code = codeOf(event);
    return code === null ? [] : [{ journal, position: event.position, code }];
  });
  const [one, other] = versions;
  if (one === undefined || other === undefined || one.code === other.code) return [];
  return [{ message: `${rule.title}, ${rule.source} to ${rule.target}`, versions }];
}

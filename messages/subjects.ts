import { MESSAGES, type TypeOn } from './catalogue.ts';
import { ANNOUNCEMENTS, EXCHANGES, type ExchangeIds, type ExchangeName } from './exchanges.ts';
import { LEG_NAMES, LEGS, type IdsOf, type Leg } from './legs.ts';
import { ANY, filled, heard, read, readerOf } from './patterns.ts';

/** Subjects, built and read by the patterns of the legs and of what is said beside them. */

export interface Address {
  readonly leg: Leg;
  readonly gatewayId: string;
  /** On the link only; on the WAN the device is named in the body. */
  readonly deviceId: string | null;
  readonly type: string;
}

/** The subject of the messages of one type on one leg. */
export function subjectOf<L extends Leg>(leg: L, ids: IdsOf<L>, type: TypeOn<L>): string;
export function subjectOf(leg: Leg, ids: { readonly [name: string]: string }, type: string): string {
  return filled(LEGS[leg].pattern, { ...ids, type });
}

/** The subject of an address. */
export function subjectTo({ leg, gatewayId, deviceId, type }: Address): string {
  return filled(LEGS[leg].pattern, { gatewayId, deviceId: deviceId ?? '', type });
}

/** The same, by leg. */
export const linkUp = (gatewayId: string, deviceId: string, type: string): string =>
  subjectTo({ leg: 'link.up', gatewayId, deviceId, type });
export const linkDown = (gatewayId: string, deviceId: string, type: string): string =>
  subjectTo({ leg: 'link.down', gatewayId, deviceId, type });
export const wanUp = (gatewayId: string, type: string): string =>
  subjectTo({ leg: 'wan.up', gatewayId, deviceId: null, type });
export const wanDown = (gatewayId: string, type: string): string =>
  subjectTo({ leg: 'wan.down', gatewayId, deviceId: null, type });

/** What the subjects of a leg begin with: cheaper to look at than to read a subject. */
const BEGINNINGS: ReadonlyMap<Leg, string> = new Map(
  LEG_NAMES.map((leg) => [leg, LEGS[leg].pattern.slice(0, LEGS[leg].pattern.indexOf('{'))]),
);

const READERS = LEG_NAMES.map((leg) => ({ leg, reader: readerOf(LEGS[leg].pattern) }));

/** Reads a protocol subject, or null when it is none. */
export function parseSubject(subject: string): Address | null {
  for (const { leg, reader } of READERS) {
    if (!subject.startsWith(BEGINNINGS.get(leg) ?? '')) continue;
    const names = read(reader, subject.split('.'));
    if (names === null) continue;
    const { gatewayId = '', deviceId = null, type = '' } = names;
    return { leg, gatewayId, deviceId, type };
  }
  return null;
}

/** Whether a subject may be one of these legs; `parseSubject` says whether it is. */
export function mayBeOn(legs: readonly Leg[], subject: string): boolean {
  return legs.some((leg) => subject.startsWith(BEGINNINGS.get(leg) ?? ''));
}

/** What each role hears. Roles subscribe to these very patterns, and the permissions of their NATS users name them. */
export const SERVER_HEARS = [heard(LEGS['wan.up'].pattern, {})] as const;
export const gatewayHears = (gatewayId: string) =>
  [heard(LEGS['link.up'].pattern, { gatewayId }), heard(LEGS['wan.down'].pattern, { gatewayId })] as const;
export const deviceHears = (deviceId: string) => [heard(LEGS['link.down'].pattern, { deviceId })] as const;
export const OBSERVERS_HEAR = [ANNOUNCEMENTS.events.heardAs] as const;

const WAN: ReadonlySet<Leg> = new Set(['wan.up', 'wan.down']);
const IN_THE_CLEAR: ReadonlySet<string> = new Set(
  MESSAGES.flatMap(({ type, sealing }) => (sealing === 'none' ? [type] : [])),
);

/** Whether a frame of the session of the PN GW stands in the place of the message. */
export const isSealed = ({ leg, type }: Pick<Address, 'leg' | 'type'>): boolean =>
  WAN.has(leg) && !IN_THE_CLEAR.has(type);

/** The subject of a question. */
export function exchangeSubject<N extends ExchangeName>(name: N, ids: ExchangeIds<N>): string;
export function exchangeSubject(name: ExchangeName, ids: { readonly [name: string]: string }): string {
  return filled(EXCHANGES[name].pattern, ids);
}

/** The PN Inventory as the CPNS Server has it, and as one PN GW has it. */
export const INVENTORY_QUERY = exchangeSubject('query.inventory', {});
export const gatewayInventoryQuery = (gatewayId: string): string =>
  exchangeSubject('query.gateway-inventory', { gatewayId });
export const PERSONAL_QUERY = exchangeSubject('query.personal', {});
export const WAITING_QUERY = exchangeSubject('query.waiting', {});
export const CHARGING_QUERY = exchangeSubject('query.charging', {});
export const serviceDeliver = (serviceId: string): string => exchangeSubject('service.deliver', { serviceId });
export const serviceSend = (serviceId: string): string => exchangeSubject('service.send', { serviceId });
export const operate = (operatorId: string): string => exchangeSubject('operate', { operatorId });
export const handOverSend = (serverId: string, serviceId: string): string =>
  exchangeSubject('server.send', { serverId, serviceId });
export const handOverOperate = (serverId: string, operatorId: string): string =>
  exchangeSubject('server.operate', { serverId, operatorId });

/** A message of a PN GW, for the server that looks after it. */
export const handOver = (serverId: string, gatewayId: string, type: string): string =>
  filled(ANNOUNCEMENTS['server.up'].pattern, { serverId, gatewayId, type });
const HANDED_OVER = readerOf(ANNOUNCEMENTS['server.up'].pattern);
/** The PN GW and the type of a message that was handed over; null for any other subject. */
export function readHandOver(subject: string): { readonly gatewayId: string; readonly type: string } | null {
  const names = read(HANDED_OVER, subject.split('.'));
  return names === null ? null : { gatewayId: names['gatewayId'] ?? '', type: names['type'] ?? '' };
}
/** What of PN GWs is handed over to one server. */
export const handedOver = (serverId: string): string => handOver(serverId, ANY, ANY);
export const LOOK_AT_THE_RING = ANNOUNCEMENTS['server.ring'].pattern;

/** Copies of the events of a chart. @param id chart id, `<role>/<name>` */
export function eventsOf(id: string): string {
  const known = EVENTS_OF.get(id);
  if (known !== undefined) return known;
  const [role, chart] = id.split('/');
  const subject = filled(ANNOUNCEMENTS.events.pattern, { role, chart });
  EVENTS_OF.set(id, subject);
  return subject;
}
/** One for each chart: every event is copied. */
const EVENTS_OF = new Map<string, string>();

/** Where answers to the queries of one NATS user come in. @param name one token */
export const inboxOf = (name: string): string => `_INBOX.${name}`;
/**
 * Answers to one query come in below this. It names the query, so that a user who may answer one query can be kept from
 * answering another in its place.
 */
export const answersTo = (inbox: string, question: string): string => `${inbox}.${question}`;

/** The subject table (design, section 8). Ids are one token; the version travels in the message, not in the subject. */

export type Leg = 'link.up' | 'link.down' | 'wan.up' | 'wan.down';

export interface Address {
  readonly leg: Leg;
  readonly gatewayId: string;
  /** On the link only; on the WAN the device is named in the body. */
  readonly deviceId: string | null;
  readonly type: string;
}

export const linkUp = (gatewayId: string, deviceId: string, type: string): string =>
  `cpns.link.${gatewayId}.up.${deviceId}.${type}`;
export const linkDown = (gatewayId: string, deviceId: string, type: string): string =>
  `cpns.link.${gatewayId}.down.${deviceId}.${type}`;
export const wanUp = (gatewayId: string, type: string): string => `cpns.wan.up.${gatewayId}.${type}`;
export const wanDown = (gatewayId: string, type: string): string => `cpns.wan.down.${gatewayId}.${type}`;
export const query = (noun: string): string => `cpns.query.${noun}`;
/** What a device sent to a service, or a service to a device: request/reply between the CPNS Server and the service. */
export const serviceDeliver = (serviceId: string): string => `cpns.service.${serviceId}.deliver`;
export const serviceSend = (serviceId: string): string => `cpns.service.${serviceId}.send`;
/** What an operator decides: request/reply to the CPNS Server. */
export const operate = (operatorId: string): string => `cpns.operate.${operatorId}`;
/** Between CPNS Servers that share a journal: a message of a PN GW, of a service, of an operator, to the server that looks after it. */
export const handOver = (serverId: string, gatewayId: string, type: string): string =>
  `cpns.server.${serverId}.up.${gatewayId}.${type}`;
export const handOverSend = (serverId: string, serviceId: string): string =>
  `cpns.server.${serverId}.send.${serviceId}`;
export const handOverOperate = (serverId: string, operatorId: string): string =>
  `cpns.server.${serverId}.operate.${operatorId}`;
/** What of PN GWs is handed over to one server. */
export const handedOver = (serverId: string): string => handOver(serverId, ANY, ANY);
/** Heard by all of them: one came or went. Says nothing itself: each looks into the journal. */
export const LOOK_AT_THE_RING = 'cpns.server.ring';
/** @param chart chart id, `<role>/<name>` */
export const eventsOf = (chart: string): string => `cpns.events.${chart.replace('/', '.')}`;

/** In the place of an id or a message type: any of them. */
export const ANY = '*';

/** What each role hears. Roles subscribe to these very patterns, and the permissions of their NATS users name them. */
export const SERVER_HEARS = ['cpns.wan.up.>'] as const;
export const gatewayHears = (gatewayId: string) =>
  [`cpns.link.${gatewayId}.up.>`, `cpns.wan.down.${gatewayId}.>`] as const;
export const deviceHears = (deviceId: string) => [`cpns.link.*.down.${deviceId}.>`] as const;
export const OBSERVERS_HEAR = ['cpns.events.>'] as const;

/** Where answers to the queries of one NATS user come in. @param name one token */
export const inboxOf = (name: string): string => `_INBOX.${name}`;
/**
 * Answers to one query come in below this. It names the query, so that a user who may answer one query can be kept from
 * answering another in its place.
 */
export const answersTo = (inbox: string, question: string): string => `${inbox}.${question}`;

/** Servers share the work: one queue group. */
export const SERVER_QUEUE = 'cpns-server';

const ID = /^[a-z0-9_-]{1,64}$/;

/** Reads a protocol subject, or null when it is none. */
export function parseSubject(subject: string): Address | null {
  const tokens = subject.split('.');
  const [root, net, a, b, c, d] = tokens;
  if (root !== 'cpns' || !tokens.slice(2).every((token) => ID.test(token))) return null;
  if (net === 'link' && tokens.length === 6 && a !== undefined && c !== undefined && d !== undefined) {
    if (b !== 'up' && b !== 'down') return null;
    return { leg: `link.${b}`, gatewayId: a, deviceId: c, type: d };
  }
  if (net === 'wan' && tokens.length === 5 && b !== undefined && c !== undefined) {
    if (a !== 'up' && a !== 'down') return null;
    return { leg: `wan.${a}`, gatewayId: b, deviceId: null, type: c };
  }
  return null;
}

/** Messages of the WAN that travel in the clear: the registration that makes its session, and that there is none. */
const IN_THE_CLEAR: ReadonlySet<string> = new Set([
  'gateway-registration-request',
  'gateway-registration-response',
  'notice',
]);

/** Whether a frame of the session of the PN GW stands in the place of the message. */
export const isSealed = ({ leg, type }: Pick<Address, 'leg' | 'type'>): boolean =>
  leg.startsWith('wan.') && !IN_THE_CLEAR.has(type);

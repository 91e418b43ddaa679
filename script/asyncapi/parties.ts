import type { Leg } from '../../messages/subjects.ts';

/** Who speaks and who listens on a leg, and what answers what: the part of the protocol that schemas do not say. */

export const ROLES = {
  pne: 'a PNE (device)',
  'pn-gateway': 'a PN GW',
  'cpns-server': 'the CPNS Server',
  service: 'a service of the operator',
  operator: 'whoever decides for the operator',
  client: 'whoever asks about the state',
  observer: 'whoever watches what happens',
} as const;
export type RoleName = keyof typeof ROLES;

export const LEGS: {
  readonly [leg in Leg]: {
    readonly address: string;
    readonly sender: RoleName;
    readonly receiver: RoleName;
    readonly parameters: readonly ('gatewayId' | 'deviceId')[];
  };
} = {
  'link.up': {
    address: 'cpns.link.{gatewayId}.up.{deviceId}',
    sender: 'pne',
    receiver: 'pn-gateway',
    parameters: ['gatewayId', 'deviceId'],
  },
  'link.down': {
    address: 'cpns.link.{gatewayId}.down.{deviceId}',
    sender: 'pn-gateway',
    receiver: 'pne',
    parameters: ['gatewayId', 'deviceId'],
  },
  'wan.up': {
    address: 'cpns.wan.up.{gatewayId}',
    sender: 'pn-gateway',
    receiver: 'cpns-server',
    parameters: ['gatewayId'],
  },
  'wan.down': {
    address: 'cpns.wan.down.{gatewayId}',
    sender: 'cpns-server',
    receiver: 'pn-gateway',
    parameters: ['gatewayId'],
  },
};

const DOWN = { 'link.up': 'link.down', 'wan.up': 'wan.down' } as const;

/** Type of the message that answers one that goes up. What is not listed answers nothing and is answered by nothing. */
const ANSWERS: { readonly [type: string]: string } = {
  'pairing-request': 'pairing-response',
  'registration-request': 'registration-response',
  'gateway-registration-request': 'gateway-registration-response',
  'pn-establishment-request': 'pn-establishment-response',
  'pn-update-request': 'pn-update-response',
  'usage-report': 'usage-report-response',
  sealed: 'sealed',
};

/** Channel of the answer to a message, or null. */
export function answerTo(leg: Leg, type: string): { readonly leg: Leg; readonly type: string } | null {
  const answer = ANSWERS[type];
  if (answer === undefined || (leg !== 'link.up' && leg !== 'wan.up')) return null;
  return { leg: DOWN[leg], type: answer };
}

export function isAnswer(leg: Leg, type: string): boolean {
  return (leg === 'link.down' || leg === 'wan.down') && Object.values(ANSWERS).includes(type);
}

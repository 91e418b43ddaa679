import type { z } from 'zod';
import { ROLE_NAMES, type RoleName } from '../events/parties.ts';
import { OperatorQuestion } from './operators.ts';
import type { NamesIn } from './patterns.ts';
import {
  ChargingAnswer,
  ChargingRequest,
  InventoryAnswer,
  InventoryRequest,
  PersonalAnswer,
  PersonalRequest,
  WaitingAnswer,
  WaitingRequest,
} from './queries.ts';
import { ServiceAnswer, ServiceQuestion } from './services.ts';

/** Whoever connects: the roles, and those who talk to them beside the protocol. */
export type Peer = RoleName | 'service' | 'operator' | 'inquirer' | 'observer';

/** Servers share the work: one queue group. */
export const SERVER_QUEUE = 'cpns-server';

/** What a question or an answer is made of. */
export interface Part {
  /** Of its schema. */
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
}

/** A question with one answer: NATS request/reply. Nothing of it has to survive: no envelope, no ids, no retries. */
interface Exchange {
  readonly pattern: string;
  readonly description: string;
  readonly asks: readonly Peer[];
  readonly answers: Peer;
  /** Who answers stands in this queue group. */
  readonly queue?: typeof SERVER_QUEUE;
  readonly request: Part;
  readonly reply: Part;
}

const inventory = {
  request: {
    name: 'query.inventory-request',
    description: 'One PN, or null for every PN.',
    schema: InventoryRequest,
  },
  reply: {
    name: 'query.inventory-answer',
    description: 'PN Inventories with their revisions.',
    schema: InventoryAnswer,
  },
};

const serviceQuestion = {
  name: 'service.question',
  description: 'A message of a device for the service, or of the service for a device.',
  schema: ServiceQuestion,
};
const serviceAnswer = {
  name: 'service.answer',
  description: 'What became of it: 200 says that the message was delivered, or that what the operator decided is so.',
  schema: ServiceAnswer,
};
const operatorQuestion = {
  name: 'operate.question',
  description: 'What becomes of a device that waits to be let into a PN.',
  schema: OperatorQuestion,
};

/** What is asked and answered beside the protocol: reads, services, operators, and what one server hands over to another. */
export const EXCHANGES = {
  'query.inventory': {
    pattern: 'cpns.query.inventory',
    description: 'The PN Inventory as the CPNS Server has it.',
    asks: ['inquirer', 'observer'],
    answers: 'cpns-server',
    ...inventory,
  },
  'query.gateway-inventory': {
    pattern: 'cpns.query.gateway-inventory.{gatewayId}',
    description: 'The local PN Inventory of one PN GW: a prefix of the history of that of the server.',
    asks: ['inquirer', 'observer'],
    answers: 'pn-gateway',
    ...inventory,
  },
  'query.personal': {
    pattern: 'cpns.query.personal',
    description: 'Who uses a device, its name and its MAC address, as far as the CPNS Server can read them.',
    asks: ['inquirer'],
    answers: 'cpns-server',
    request: { name: 'query.personal-request', description: 'Ids of the devices.', schema: PersonalRequest },
    reply: {
      name: 'query.personal-answer',
      description: 'What is personal about each of them.',
      schema: PersonalAnswer,
    },
  },
  'query.waiting': {
    pattern: 'cpns.query.waiting',
    description: 'Devices that wait to be let into a PN by an operator.',
    asks: ['operator', 'inquirer', 'observer'],
    answers: 'cpns-server',
    request: {
      name: 'query.waiting-request',
      description: 'One PN, or null for every PN with the join policy approval.',
      schema: WaitingRequest,
    },
    reply: {
      name: 'query.waiting-answer',
      description: 'Devices that wait, in the order in which they asked, and those turned away.',
      schema: WaitingAnswer,
    },
  },
  'query.charging': {
    pattern: 'cpns.query.charging',
    description: 'The charging records as the CPNS Server has them, page by page.',
    asks: ['inquirer', 'observer'],
    answers: 'cpns-server',
    request: {
      name: 'query.charging-request',
      description: 'One PN or PNE, or null for each; after this record, or null from the first.',
      schema: ChargingRequest,
    },
    reply: {
      name: 'query.charging-answer',
      description: 'Charging records in the order of their keys, and whether there are more.',
      schema: ChargingAnswer,
    },
  },
  'service.deliver': {
    pattern: 'cpns.service.{serviceId}.deliver',
    description: 'A message that a device sent to the service.',
    asks: ['cpns-server'],
    answers: 'service',
    request: serviceQuestion,
    reply: serviceAnswer,
  },
  'service.send': {
    pattern: 'cpns.service.{serviceId}.send',
    description: 'A message of the service for a device.',
    asks: ['service'],
    answers: 'cpns-server',
    queue: SERVER_QUEUE,
    request: serviceQuestion,
    reply: serviceAnswer,
  },
  operate: {
    pattern: 'cpns.operate.{operatorId}',
    description: 'What the operator decides about a device that waits to be let into a PN.',
    asks: ['operator'],
    answers: 'cpns-server',
    queue: SERVER_QUEUE,
    request: operatorQuestion,
    reply: serviceAnswer,
  },
  'server.send': {
    pattern: 'cpns.server.{serverId}.send.{serviceId}',
    description: 'A message of a service, for the server that has the session of its device.',
    asks: ['cpns-server'],
    answers: 'cpns-server',
    request: serviceQuestion,
    reply: serviceAnswer,
  },
  'server.operate': {
    pattern: 'cpns.server.{serverId}.operate.{operatorId}',
    description: 'What an operator decides, for the server that looks after the PN.',
    asks: ['cpns-server'],
    answers: 'cpns-server',
    request: operatorQuestion,
    reply: serviceAnswer,
  },
} as const satisfies { readonly [name: string]: Exchange };

export type ExchangeName = keyof typeof EXCHANGES;

/** The ids in the subjects of an exchange. */
export type ExchangeIds<N extends ExchangeName> = {
  readonly [Name in NamesIn<(typeof EXCHANGES)[N]['pattern']>]: string;
};

export type NamedExchange = Exchange & { readonly name: string };

export const ALL_EXCHANGES: readonly NamedExchange[] = Object.entries<Exchange>(EXCHANGES).map(([name, row]) => ({
  name,
  ...row,
}));

/** What is said once, to whoever listens. */
interface Announcement {
  readonly pattern: string;
  readonly description: string;
  readonly sources: readonly RoleName[];
  readonly target: Peer;
  /** What its target subscribes to for all of it. */
  readonly heardAs: string;
}

export const ANNOUNCEMENTS = {
  events: {
    pattern: 'cpns.events.{role}.{chart}',
    description: 'Copies of committed events, after their commit.',
    sources: ROLE_NAMES,
    target: 'observer',
    heardAs: 'cpns.events.>',
  },
  'server.up': {
    pattern: 'cpns.server.{serverId}.up.{gatewayId}.{type}',
    description: 'A message of a PN GW, as it came, for the server that looks after this PN GW.',
    sources: ['cpns-server'],
    target: 'cpns-server',
    heardAs: 'cpns.server.*.up.*.*',
  },
  'server.ring': {
    pattern: 'cpns.server.ring',
    description: 'A server came or went: each looks into the journal.',
    sources: ['cpns-server'],
    target: 'cpns-server',
    heardAs: 'cpns.server.ring',
  },
} as const satisfies { readonly [name: string]: Announcement };

export const ALL_ANNOUNCEMENTS: readonly Announcement[] = Object.values(ANNOUNCEMENTS);

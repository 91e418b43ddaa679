import { createHash } from 'node:crypto';
import { MESSAGES } from '../../messages/catalogue.ts';
import { MAX_MESSAGE_BYTES } from '../../messages/limits.ts';
import {
  CHARGING_QUERY,
  gatewayInventoryQuery,
  INVENTORY_QUERY,
  PERSONAL_QUERY,
  WAITING_QUERY,
} from '../../messages/queries.ts';
import { frameId, SealedMessage } from '../../actors/sessions/wan/sealed-wire.ts';
import { eventsOf, isSealed, SERVER_QUEUE, type Leg } from '../../messages/subjects.ts';
import { RESPONSE_CODES } from '../../events/codes.ts';
import { streamOf } from '../../machines/streams.ts';
import { answerTo, isAnswer, LEGS, ROLES, type RoleName } from './parties.ts';
import { charts, schemaRef, schemas } from './schemas.ts';
import { serviceChannels, serviceMessages, serviceOperations } from './services.ts';
import { EXAMPLES, STORY } from './worked-example.ts';

/** The wire as an AsyncAPI 3.0 document. */

type Node = { readonly [key: string]: unknown };
type Entries = readonly (readonly [name: string, value: Node])[];

const ref = (path: string): Node => ({ $ref: `#/${path}` });
const messageRef = (channel: string, message: string): Node => ref(`channels/${channel}/messages/${message}`);
const tag = (role: RoleName): readonly Node[] => [{ name: role }];

const DESCRIPTION = `
How devices (PNE), gateways (PN GW) and the CPNS Server speak over NATS subjects. docs/wire.md is the guide for whoever
writes a device, docs/security-bytes.md says what is in \`handshake\` and \`frame\`, byte by byte.

**Whose point of view.** One document describes all the applications. Each operation is one application's: its name
begins with the role that performs it and its tag repeats that role, so a device implements the operations that are
tagged \`pne\` and no others. \`send\` and \`receive\` are meant as that role does it.

**Delivery.** NATS may lose, repeat and reorder messages. A request is sent again, byte for byte, until its answer is
here: the message whose \`inReplyTo\` is the request's \`messageId\`. A request that was answered before gets the stored
answer again. A message over ${MAX_MESSAGE_BYTES} bytes, of unknown type or version, or off its schema gets a \`notice\` with 400 or 426.

**Sealing.** Between PN GW and CPNS Server everything travels as a \`SealedMessage\`, in the session that the registration of
the PN GW made; in the clear are only this registration and notices. \`x-sealed-content\` names the schema of what its
\`frame\` opens to, \`x-sealed-examples\` are the examples opened. A frame that is repeated, moved to another subject or does
not open is dropped. Forging a notice makes a PN GW register again, and no more.

**Response codes.** After a temporary one the same question may be answered otherwise later.

| code | reason | |
|---|---|---|
${Object.entries(RESPONSE_CODES)
  .map(([code, { reason, lasting }]) => `| ${code} | ${reason} | ${lasting} |`)
  .join('\n')}
`.trim();

/** Payload of a message, and which of its fields are repeated as headers. Of a sealed one they show the frame's number only. */
function wireMessage(leg: Leg, type: string, says: string): Node {
  const sealed = isSealed({ leg, type });
  const ofType = EXAMPLES.filter((one) => one.leg === leg && one.type === type);
  const examples = ofType.map(({ name, summary, payload, wire }) => ({
    name,
    summary,
    headers: sealed
      ? { 'Nats-Msg-Id': frameId(SealedMessage.parse(wire)) }
      : { 'Nats-Msg-Id': payload['messageId'], 'Cpns-Correlation-Id': payload['correlationId'] },
    payload: wire,
  }));
  const content = {
    'x-sealed-content': `${leg}.${type}`,
    'x-sealed-examples': ofType.map(({ name, payload }) => ({ name, payload })),
  };
  return {
    name: type,
    title: `${type} (${leg})`,
    summary: says,
    contentType: 'application/json',
    ...(sealed ? {} : { correlationId: ref('components/correlationIds/correlationId') }),
    headers: schemaRef(sealed ? 'SealedHeaders' : 'Headers'),
    payload: schemaRef(sealed ? 'SealedMessage' : `${leg}.${type}`),
    examples,
    ...(sealed ? content : {}),
  };
}

function wireChannel(leg: Leg, type: string, says: string): Node {
  const { address, parameters } = LEGS[leg];
  return {
    address: `${address}.${type}`,
    title: `${type}, ${ROLES[LEGS[leg].sender]} to ${ROLES[LEGS[leg].receiver]}`,
    description: says,
    parameters: Object.fromEntries(parameters.map((name) => [name, ref(`components/parameters/${name}`)])),
    messages: { [type]: ref(`components/messages/${leg}.${type}`) },
  };
}

/** The sender's operation and the receiver's. An answer belongs to the operations of its request. */
function wireOperations(leg: Leg, type: string, says: string): Entries {
  if (isAnswer(leg, type)) return [];
  const channel = `${leg}.${type}`;
  const answer = answerTo(leg, type);
  const answerChannel = answer === null ? '' : `${answer.leg}.${answer.type}`;
  const reply =
    answer === null
      ? {}
      : { reply: { channel: ref(`channels/${answerChannel}`), messages: [messageRef(answerChannel, answer.type)] } };
  const { sender, receiver } = LEGS[leg];
  const queue = receiver === 'cpns-server' ? { bindings: { nats: { queue: SERVER_QUEUE } } } : {};
  const shared = { channel: ref(`channels/${channel}`), summary: says, messages: [messageRef(channel, type)] };
  return [
    [`${sender}.send.${channel}`, { action: 'send', ...shared, tags: tag(sender), ...reply }],
    [`${receiver}.receive.${channel}`, { action: 'receive', ...shared, tags: tag(receiver), ...queue, ...reply }],
  ];
}

const QUERIES = [
  {
    name: 'query.inventory',
    address: INVENTORY_QUERY,
    about: 'inventory',
    role: 'cpns-server',
    parameters: {},
    says: 'The PN Inventory as the CPNS Server has it.',
  },
  {
    name: 'query.gateway-inventory',
    address: gatewayInventoryQuery('{gatewayId}'),
    about: 'inventory',
    role: 'pn-gateway',
    parameters: { gatewayId: ref('components/parameters/gatewayId') },
    says: 'The local PN Inventory of one PN GW: a prefix of the history of that of the server.',
  },
  {
    name: 'query.personal',
    address: PERSONAL_QUERY,
    about: 'personal',
    role: 'cpns-server',
    parameters: {},
    says: 'Who uses a device, its name and its MAC address, as far as the CPNS Server can read them.',
  },
  {
    name: 'query.waiting',
    address: WAITING_QUERY,
    about: 'waiting',
    role: 'cpns-server',
    parameters: {},
    says: 'Devices that wait to be let into a PN by an operator.',
  },
  {
    name: 'query.charging',
    address: CHARGING_QUERY,
    about: 'charging',
    role: 'cpns-server',
    parameters: {},
    says: 'The charging records as the CPNS Server has them, page by page.',
  },
] as const;

/** What is asked about, and the channel of the answers. */
const REPLIES = [
  { about: 'inventory', name: 'query.reply' },
  { about: 'personal', name: 'query.personal-reply' },
  { about: 'waiting', name: 'query.waiting-reply' },
  { about: 'charging', name: 'query.charging-reply' },
] as const;

const queryChannels: Entries = [
  ...QUERIES.map(({ name, address, about, parameters, says }) => {
    const messages = { request: ref(`components/messages/query.${about}-request`) };
    return [name, { address, title: says, description: says, parameters, messages }] as const;
  }),
  ...REPLIES.map(({ about, name }): Entries[number] => [
    name,
    {
      address: null,
      title: 'Where the question wants its answer',
      description: 'The reply subject of the NATS request; a client library makes one for each request.',
      messages: {
        answer: ref(`components/messages/query.${about}-answer`),
        refusal: ref('components/messages/query.refusal'),
      },
    },
  ]),
];

const queryOperations: Entries = QUERIES.flatMap(({ name, about, role, says }) => {
  const channel = REPLIES.find((one) => one.about === about)?.name ?? '';
  const messages = [messageRef(channel, 'answer'), messageRef(channel, 'refusal')];
  const reply = { channel: ref(`channels/${channel}`), messages };
  const shared = { channel: ref(`channels/${name}`), summary: says, messages: [messageRef(name, 'request')], reply };
  return [
    [`client.send.${name}`, { action: 'send', ...shared, tags: tag('client') }],
    [`${role}.receive.${name}`, { action: 'receive', ...shared, tags: tag(role) }],
  ] as const;
});

function plainMessage(schema: string, summary: string, examples: readonly Node[]): Node {
  return {
    name: schema,
    title: schema,
    summary,
    contentType: 'application/json',
    payload: schemaRef(schema),
    examples,
  };
}

/** Examples of what has no envelope, by the name of the schema. */
export const QUERY_EXAMPLES = {
  'query.inventory-request': [
    { name: 'one-pn', payload: { pnId: STORY.pnId } },
    { name: 'every-pn', payload: { pnId: null } },
  ],
  'query.inventory-answer': [
    {
      name: 'inventory',
      payload: { pns: [{ pnId: STORY.pnId, revision: STORY.revision, members: STORY.members }] },
    },
  ],
  'query.personal-request': [{ name: 'one-pne', payload: { deviceIds: [STORY.deviceId] } }],
  'query.personal-answer': [
    {
      name: 'known',
      payload: {
        devices: [
          {
            deviceId: STORY.deviceId,
            personal: {
              state: 'known',
              by: 'operator',
              fields: { user: null, name: 'Hall motion', mac: '00:17:88:35:05:88' },
            },
          },
        ],
      },
    },
    { name: 'erased', payload: { devices: [{ deviceId: STORY.deviceId, personal: { state: 'erased' } }] } },
  ],
  'query.waiting-request': [{ name: 'one-pn', payload: { pnId: STORY.pnId } }],
  'query.waiting-answer': [
    { name: 'one-waits', payload: { pns: [{ pnId: STORY.pnId, waiting: [STORY.deviceId], rejected: [] }] } },
  ],
  'query.charging-request': [
    { name: 'one-pne', payload: { pnId: STORY.pnId, deviceId: STORY.deviceId, after: null } },
    { name: 'next-page', payload: { pnId: null, deviceId: null, after: STORY.usage.key } },
  ],
  'query.charging-answer': [{ name: 'records', payload: { records: [STORY.usage.record], more: false } }],
  'query.refusal': [{ name: 'no-such-pn', payload: { code: 404, reason: RESPONSE_CODES[404].reason } }],
} as const;

const queryMessages: Entries = [
  ['query.inventory-request', 'Asks for one PN or for all.'],
  ['query.inventory-answer', 'PN Inventories.'],
  ['query.personal-request', 'Asks what is personal about some devices.'],
  ['query.personal-answer', 'What is personal about devices, opened for this answer.'],
  ['query.waiting-request', 'Asks who waits to be let into one PN, or into any.'],
  ['query.waiting-answer', 'Devices that wait, and devices that were turned away.'],
  ['query.charging-request', 'Asks for charging records of one PN or PNE, or of all.'],
  ['query.charging-answer', 'Charging records.'],
  ['query.refusal', 'Why there is no answer.'],
].map(([name = '', says = '']) => {
  const examples = Object.entries(QUERY_EXAMPLES).find(([schema]) => schema === name)?.[1] ?? [];
  return [name, plainMessage(name, says, examples)];
});

/** A hash of the right form: that of a real chart would change the document with every change of the chart. */
const chartHash = createHash('sha256').update('the worked example').digest('hex');

/** One event of the story, in the journal of the server. */
export const EVENT_EXAMPLE = {
  position: 19,
  stream: streamOf('cpns-server/registration', { pnId: STORY.pnId, deviceId: STORY.deviceId }),
  version: 5,
  type: 'SecureSessionEstablished',
  schemaVersion: 1,
  data: { keyId: STORY.keyId },
  meta: {
    messageId: 'seal-hall-motion-1',
    correlationId: 'cor-hall-motion-1',
    causationId: 'seal-hall-motion-1',
    role: 'cpns-server',
    chart: { id: 'cpns-server/registration', hash: chartHash },
    crStep: '1.4.1/4',
    recordedAt: '2026-11-23T08:00:00.000Z',
  },
} as const;

const eventChannels: Entries = charts.map(({ id, name }) => {
  const says = `Copies of the events of chart ${id}, after their commit. Sent once: whoever must not miss one reads the journal.`;
  const messages = { event: ref(`components/messages/${name}`) };
  return [name, { address: eventsOf(id), title: `Events of ${id}`, description: says, messages }];
});

const eventOperations: Entries = charts.flatMap(({ id, role, name }) => {
  const shared = { channel: ref(`channels/${name}`), messages: [messageRef(name, 'event')] };
  const summary = `Events of chart ${id}.`;
  return [
    [`${role}.send.${name}`, { action: 'send', ...shared, summary, tags: tag(role) }],
    [`observer.receive.${name}`, { action: 'receive', ...shared, summary, tags: tag('observer') }],
  ] as const;
});

const eventMessages: Entries = charts.map(({ id, name }) => {
  const examples = id === EVENT_EXAMPLE.meta.chart.id ? [{ name: 'session-established', payload: EVENT_EXAMPLE }] : [];
  const message = {
    ...plainMessage(name, `An event of chart ${id}, as the journal has it.`, examples),
    correlationId: ref('components/correlationIds/eventCorrelationId'),
  };
  return [name, message];
});

const parameter = (description: string, example: string): Node => ({ description, examples: [example] });

export function asyncapiDocument(version: string): Node {
  return {
    asyncapi: '3.0.0',
    id: 'urn:cpns:registrar:wire',
    info: {
      title: 'CPNS registrar: the wire',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: Object.entries(ROLES).map(([name, description]) => ({ name, description })),
    },
    defaultContentType: 'application/json',
    servers: {
      nats: { host: '127.0.0.1:4222', protocol: 'nats', description: 'Any NATS server; no JetStream is needed.' },
    },
    channels: Object.fromEntries([
      ...MESSAGES.map(({ leg, type, says }) => [`${leg}.${type}`, wireChannel(leg, type, says)] as const),
      ...queryChannels,
      ...serviceChannels,
      ...eventChannels,
    ]),
    operations: Object.fromEntries([
      ...MESSAGES.flatMap(({ leg, type, says }) => wireOperations(leg, type, says)),
      ...queryOperations,
      ...serviceOperations,
      ...eventOperations,
    ]),
    components: {
      parameters: {
        gatewayId: parameter('Id of the PN GW: 1 to 64 of a-z, 0-9, _ and -.', STORY.gatewayId),
        deviceId: parameter('Id of the PNE: 1 to 64 of a-z, 0-9, _ and -.', STORY.deviceId),
        serviceId: parameter('Id of the service: 1 to 64 of a-z, 0-9, _ and -.', 'echo'),
        operatorId: parameter('Id of the operator: 1 to 64 of a-z, 0-9, _ and -.', 'desk'),
      },
      correlationIds: {
        correlationId: {
          description: 'One id for all that one registration caused.',
          location: '$message.payload#/correlationId',
        },
        eventCorrelationId: {
          description: 'The same id, in what was recorded.',
          location: '$message.payload#/meta/correlationId',
        },
      },
      messages: Object.fromEntries([
        ...MESSAGES.map(({ leg, type, says }) => [`${leg}.${type}`, wireMessage(leg, type, says)] as const),
        ...queryMessages,
        ...serviceMessages,
        ...eventMessages,
      ]),
      schemas: schemas(),
    },
    'x-response-codes': RESPONSE_CODES,
  };
}

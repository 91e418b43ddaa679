import { createHash } from 'node:crypto';
import { frameId, SealedMessage } from '../../actors/sessions/wan/sealed-wire.ts';
import { RESPONSE_CODES } from '../../events/codes.ts';
import { streamOf } from '../../machines/streams.ts';
import { MESSAGES } from '../../messages/catalogue.ts';
import { SERVER_QUEUE } from '../../messages/exchanges.ts';
import { LEGS, type Leg } from '../../messages/legs.ts';
import { MAX_MESSAGE_BYTES } from '../../messages/limits.ts';
import { answerTo, isAnswer } from '../../messages/refusal.ts';
import { eventsOf, isSealed } from '../../messages/subjects.ts';
import { messageRef, parametersOf, plainMessage, ref, tag, type Entries, type Node } from './nodes.ts';
import { APPLICATIONS } from './parties.ts';
import { queryChannels, queryMessages, queryOperations } from './queries.ts';
import { charts, schemaRef, schemas } from './schemas.ts';
import { serviceChannels, serviceMessages, serviceOperations } from './services.ts';
import { EXAMPLES, STORY } from './worked-example.ts';

/** The wire as an AsyncAPI 3.0 document. */

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
function wireMessage(leg: Leg, type: string, description: string): Node {
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
    summary: description,
    contentType: 'application/json',
    ...(sealed ? {} : { correlationId: ref('components/correlationIds/correlationId') }),
    headers: schemaRef(sealed ? 'SealedHeaders' : 'Headers'),
    payload: schemaRef(sealed ? 'SealedMessage' : `${leg}.${type}`),
    examples,
    ...(sealed ? content : {}),
  };
}

function wireChannel(leg: Leg, type: string, description: string): Node {
  const { pattern, source, target } = LEGS[leg];
  const address = pattern.replace('{type}', type);
  return {
    address,
    title: `${type}, ${APPLICATIONS[source]} to ${APPLICATIONS[target]}`,
    description,
    parameters: parametersOf(address),
    messages: { [type]: ref(`components/messages/${leg}.${type}`) },
  };
}

/** The sender's operation and the receiver's. An answer belongs to the operations of its request. */
function wireOperations(leg: Leg, type: string, description: string): Entries {
  if (isAnswer(leg, type)) return [];
  const channel = `${leg}.${type}`;
  const answer = answerTo(leg, type);
  const answerChannel = answer === null ? '' : `${answer.leg}.${answer.type}`;
  const reply =
    answer === null
      ? {}
      : { reply: { channel: ref(`channels/${answerChannel}`), messages: [messageRef(answerChannel, answer.type)] } };
  const { source, target } = LEGS[leg];
  const queue = target === 'cpns-server' ? { bindings: { nats: { queue: SERVER_QUEUE } } } : {};
  const shared = { channel: ref(`channels/${channel}`), summary: description, messages: [messageRef(channel, type)] };
  return [
    [`${source}.send.${channel}`, { action: 'send', ...shared, tags: tag(source), ...reply }],
    [`${target}.receive.${channel}`, { action: 'receive', ...shared, tags: tag(target), ...queue, ...reply }],
  ];
}

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
  const description = `Copies of the events of chart ${id}, after their commit. Sent once: whoever must not miss one reads the journal.`;
  const messages = { event: ref(`components/messages/${name}`) };
  return [name, { address: eventsOf(id), title: `Events of ${id}`, description, messages }];
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
      tags: Object.entries(APPLICATIONS).map(([name, description]) => ({ name, description })),
    },
    defaultContentType: 'application/json',
    servers: {
      nats: { host: '127.0.0.1:4222', protocol: 'nats', description: 'Any NATS server; no JetStream is needed.' },
    },
    channels: Object.fromEntries([
      ...MESSAGES.map(({ leg, type, description }) => [`${leg}.${type}`, wireChannel(leg, type, description)] as const),
      ...queryChannels,
      ...serviceChannels,
      ...eventChannels,
    ]),
    operations: Object.fromEntries([
      ...MESSAGES.flatMap(({ leg, type, description }) => wireOperations(leg, type, description)),
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
        ...MESSAGES.map(
          ({ leg, type, description }) => [`${leg}.${type}`, wireMessage(leg, type, description)] as const,
        ),
        ...queryMessages,
        ...serviceMessages,
        ...eventMessages,
      ]),
      schemas: schemas(),
    },
    'x-response-codes': RESPONSE_CODES,
  };
}

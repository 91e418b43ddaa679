import { serviceDeliver, serviceSend, SERVER_QUEUE } from '../../actors/wire/subjects.ts';
import { ROLES, type RoleName } from './parties.ts';

/** The service leg: question and answer between the CPNS Server and a service, one sealed envelope each (docs/services.md). */

type Node = { readonly [key: string]: unknown };
type Entries = readonly (readonly [name: string, value: Node])[];

const ref = (path: string): Node => ({ $ref: `#/${path}` });

const SUBJECTS = [
  {
    name: 'service.deliver',
    address: serviceDeliver('{serviceId}'),
    asker: 'cpns-server',
    answerer: 'service',
    queue: null,
    says: 'A message that a device sent to the service.',
  },
  {
    name: 'service.send',
    address: serviceSend('{serviceId}'),
    asker: 'service',
    answerer: 'cpns-server',
    queue: SERVER_QUEUE,
    says: 'A message of the service for a device.',
  },
] as const;

export const serviceChannels: Entries = [
  ...SUBJECTS.map(({ name, address, asker, answerer, says }) => {
    const title = `${says.replace(/\.$/, '')}: ${ROLES[asker]} asks ${ROLES[answerer]}`;
    const parameters = { serviceId: ref('components/parameters/serviceId') };
    const messages = { question: ref('components/messages/service.question') };
    return [name, { address, title, description: says, parameters, messages }] as const;
  }),
  [
    'service.reply',
    {
      address: null,
      title: 'Where the question wants its answer',
      description: 'The reply subject of the NATS request, below the inbox of the user that asks (docs/nats.md).',
      messages: { answer: ref('components/messages/service.answer') },
    },
  ],
];

export const serviceOperations: Entries = SUBJECTS.flatMap(({ name, asker, answerer, queue, says }) => {
  const reply = {
    channel: ref('channels/service.reply'),
    messages: [ref('channels/service.reply/messages/answer')],
  };
  const shared = {
    channel: ref(`channels/${name}`),
    summary: says,
    messages: [ref(`channels/${name}/messages/question`)],
    reply,
  };
  const tag = (role: RoleName): readonly Node[] => [{ name: role }];
  const bindings = queue === null ? {} : { bindings: { nats: { queue } } };
  return [
    [`${asker}.send.${name}`, { action: 'send', ...shared, tags: tag(asker) }],
    [`${answerer}.receive.${name}`, { action: 'receive', ...shared, tags: tag(answerer), ...bindings }],
  ] as const;
});

export const serviceMessages: Entries = (['question', 'answer'] as const).map((part) => [
  `service.${part}`,
  {
    name: `service.${part}`,
    title: `service.${part}`,
    summary: `The ${part}, sealed; \`x-sealed-content\` names the schema of the JSON that it opens to.`,
    contentType: 'application/octet-stream',
    payload: { type: 'string', format: 'binary' },
    'x-sealed-content': `service.${part}`,
  },
]);

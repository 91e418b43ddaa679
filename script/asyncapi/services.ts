import { operate, serviceDeliver, serviceSend, SERVER_QUEUE } from '../../messages/subjects.ts';
import { ROLES, type RoleName } from './parties.ts';

/**
 * Question and answer between the CPNS Server and a service or an operator, one sealed envelope each (docs/services.md,
 * docs/approval.md).
 */

type Node = { readonly [key: string]: unknown };
type Entries = readonly (readonly [name: string, value: Node])[];

const ref = (path: string): Node => ({ $ref: `#/${path}` });

const SUBJECTS = [
  {
    name: 'service.deliver',
    address: serviceDeliver('{serviceId}'),
    parameter: 'serviceId',
    question: 'service.question',
    asker: 'cpns-server',
    answerer: 'service',
    queue: null,
    says: 'A message that a device sent to the service.',
  },
  {
    name: 'service.send',
    address: serviceSend('{serviceId}'),
    parameter: 'serviceId',
    question: 'service.question',
    asker: 'service',
    answerer: 'cpns-server',
    queue: SERVER_QUEUE,
    says: 'A message of the service for a device.',
  },
  {
    name: 'operate',
    address: operate('{operatorId}'),
    parameter: 'operatorId',
    question: 'operate.question',
    asker: 'operator',
    answerer: 'cpns-server',
    queue: SERVER_QUEUE,
    says: 'What the operator decides about a device that waits to be let into a PN.',
  },
] as const;

export const serviceChannels: Entries = [
  ...SUBJECTS.map(({ name, address, parameter, question, asker, answerer, says }) => {
    const title = `${says.replace(/\.$/, '')}: ${ROLES[asker]} asks ${ROLES[answerer]}`;
    const parameters = { [parameter]: ref(`components/parameters/${parameter}`) };
    const messages = { question: ref(`components/messages/${question}`) };
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

export const serviceMessages: Entries = (['service.question', 'service.answer', 'operate.question'] as const).map(
  (name) => [
    name,
    {
      name,
      title: name,
      summary: `The ${name.split('.')[1]}, sealed; \`x-sealed-content\` names the schema of the JSON that it opens to.`,
      contentType: 'application/octet-stream',
      payload: { type: 'string', format: 'binary' },
      'x-sealed-content': name,
    },
  ],
);

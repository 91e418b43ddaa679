import { ALL_EXCHANGES, type NamedExchange } from '../../messages/exchanges.ts';
import { messageRef, parametersOf, ref, tag, type Entries } from './nodes.ts';
import { applicationOf, APPLICATIONS, type Application } from './parties.ts';

/**
 * Question and answer between the CPNS Server and a service or an operator, one sealed envelope each (docs/services.md,
 * docs/approval.md).
 */

/** What servers hand over to each other is theirs alone. */
const SERVICES = ALL_EXCHANGES.filter(
  ({ name, asks, answers }) => !name.startsWith('query.') && !asks.includes(answers),
);

const askerOf = ({ asks: [asker = 'service'] }: NamedExchange): Application => applicationOf(asker);

export const serviceChannels: Entries = [
  ...SERVICES.map((row) => {
    const { name, pattern, request, answers, description } = row;
    const parties = `${APPLICATIONS[askerOf(row)]} asks ${APPLICATIONS[applicationOf(answers)]}`;
    const title = `${description.replace(/\.$/, '')}: ${parties}`;
    const messages = { question: ref(`components/messages/${request.name}`) };
    return [name, { address: pattern, title, description, parameters: parametersOf(pattern), messages }] as const;
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

export const serviceOperations: Entries = SERVICES.flatMap((row) => {
  const { name, answers, queue, description } = row;
  const [asker, answerer] = [askerOf(row), applicationOf(answers)];
  const shared = {
    channel: ref(`channels/${name}`),
    summary: description,
    messages: [messageRef(name, 'question')],
    reply: { channel: ref('channels/service.reply'), messages: [messageRef('service.reply', 'answer')] },
  };
  const bindings = queue === undefined ? {} : { bindings: { nats: { queue } } };
  return [
    [`${asker}.send.${name}`, { action: 'send', ...shared, tags: tag(asker) }],
    [`${answerer}.receive.${name}`, { action: 'receive', ...shared, tags: tag(answerer), ...bindings }],
  ] as const;
});

const PARTS = new Set(SERVICES.flatMap(({ request, reply }) => [request.name, reply.name]));

export const serviceMessages: Entries = [...PARTS].map((name) => [
  name,
  {
    name,
    title: name,
    summary: `The ${name.split('.')[1]}, sealed; \`x-sealed-content\` names the schema of the JSON that it opens to.`,
    contentType: 'application/octet-stream',
    payload: { type: 'string', format: 'binary' },
    'x-sealed-content': name,
  },
]);

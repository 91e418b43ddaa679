import { RESPONSE_CODES } from '../../events/codes.ts';
import { ALL_EXCHANGES, type NamedExchange } from '../../messages/exchanges.ts';
import { messageRef, parametersOf, plainMessage, ref, tag, type Entries, type Node } from './nodes.ts';
import { applicationOf } from './parties.ts';
import { STORY } from './worked-example.ts';

/** Questions about the state, and their answers. */

const QUERIES = ALL_EXCHANGES.filter(({ name }) => name.startsWith('query.'));

const REFUSAL = { name: 'query.refusal', description: 'Why there is no answer.' };

/** Questions of one kind have the channel of their answers in common. */
const replyChannelOf = ({ reply }: NamedExchange): string => reply.name.replace(/answer$/, 'reply');

const replyChannels: Entries = QUERIES.map((row) => [
  replyChannelOf(row),
  {
    address: null,
    title: 'Where the question wants its answer',
    description: 'The reply subject of the NATS request; a client library makes one for each request.',
    messages: {
      answer: ref(`components/messages/${row.reply.name}`),
      refusal: ref(`components/messages/${REFUSAL.name}`),
    },
  },
]);

export const queryChannels: Entries = [
  ...QUERIES.map(({ name, pattern, request, description }) => {
    const messages = { request: ref(`components/messages/${request.name}`) };
    const parameters = parametersOf(pattern);
    return [name, { address: pattern, title: description, description, parameters, messages }] as const;
  }),
  ...new Map(replyChannels),
];

export const queryOperations: Entries = QUERIES.flatMap((row) => {
  const { name, answers, description } = row;
  const channel = replyChannelOf(row);
  const messages = [messageRef(channel, 'answer'), messageRef(channel, 'refusal')];
  const reply = { channel: ref(`channels/${channel}`), messages };
  const shared = {
    channel: ref(`channels/${name}`),
    summary: description,
    messages: [messageRef(name, 'request')],
    reply,
  };
  const answerer = applicationOf(answers);
  return [
    [`client.send.${name}`, { action: 'send', ...shared, tags: tag('client') }],
    [`${answerer}.receive.${name}`, { action: 'receive', ...shared, tags: tag(answerer) }],
  ] as const;
});

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

const PARTS = [...QUERIES.flatMap(({ request, reply }) => [request, reply]), REFUSAL];

export const queryMessages: Entries = [
  ...new Map(
    PARTS.map(({ name, description }): readonly [string, Node] => {
      const examples = Object.entries(QUERY_EXAMPLES).find(([schema]) => schema === name)?.[1] ?? [];
      return [name, plainMessage(name, description, examples)];
    }),
  ),
];

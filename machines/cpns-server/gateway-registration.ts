import { assign, emit, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { GatewayRegistrationEvent } from '../../events/vocabulary/gateway-registration.ts';
import { defineChart } from '../chart.ts';
import type { Effect } from '../effect.ts';

export interface GatewayRegistrationContext {
  readonly flow: Flow | null;
  readonly gatewayId: string;
  readonly requestId: string;
  readonly handshake: string;
  readonly keyId: string | null;
  readonly code: ResponseCode | null;
  readonly reply: string | null;
  readonly refusals: number;
}

const initial: GatewayRegistrationContext = {
  flow: null,
  gatewayId: '',
  requestId: '',
  handshake: '',
  keyId: null,
  code: null,
  reply: null,
  refusals: 0,
};

const effect = (what: Effect) => what;

const machine = setup({
  types: {
    context: {} as GatewayRegistrationContext,
    events: {} as GatewayRegistrationEvent,
    emitted: {} as Effect,
  },
  guards: {
    standsAlready: ({ context }) => context.keyId !== null,
  },
  actions: {
    keepRequest: assign(({ event }) =>
      event.type === 'GatewayRegistrationReceived'
        ? { gatewayId: event.data.gatewayId, requestId: event.data.requestId, handshake: event.data.handshake }
        : {},
    ),
    keepKey: assign(({ event }) => (event.type === 'GatewayAuthenticated' ? { keyId: event.data.keyId } : {})),
    keepReply: assign(({ event }) =>
      event.type === 'GatewayRegistrationAnswered' ? { code: event.data.code, reply: event.data.handshake } : {},
    ),
    countRefusal: assign(({ context, event }) =>
      event.type === 'MessageRefused' ? { refusals: context.refusals + event.data.count } : {},
    ),
    askAuthentication: emit(effect({ type: 'ask', fact: 'authenticateGateway' })),
    askAnswer: emit(effect({ type: 'ask', fact: 'answerGateway' })),
    askRefusal: emit(effect({ type: 'ask', fact: 'refuseGateway' })),
    answerGateway: emit(effect({ type: 'answer', message: 'gateway-registration-response' })),
  },
}).createMachine({
  id: 'cpns-server/gateway-registration',
  description: 'The CPNS Server and a PN GW authenticate each other, before either flow.',
  context: initial,
  initial: 'idle',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    idle: {
      description: 'No registration of this PN GW is under way.',
      initial: 'unregistered',
      on: {
        GatewayRegistrationReceived: {
          target: 'authenticating',
          actions: 'keepRequest',
          description: 'A request, the first or another one.',
        },
      },
      states: {
        unregistered: { description: 'Never proved itself.' },
        registered: { description: 'Proved itself; a later failure does not undo that.' },
      },
    },
    authenticating: {
      description: 'Reads the first handshake message with the secret of the PN GW.',
      entry: 'askAuthentication',
      on: {
        GatewayAuthenticated: { target: 'answering', actions: 'keepKey', description: 'Holds its secret.' },
        GatewayAuthenticationFailed: { target: 'refusing', description: 'Does not hold its secret, or is unknown.' },
      },
    },
    answering: {
      description: 'Writes the second handshake message.',
      entry: 'askAnswer',
      on: {
        GatewayRegistrationAnswered: {
          target: 'idle.registered',
          actions: ['keepReply', 'answerGateway'],
          description: '200 and the second handshake message.',
        },
      },
    },
    refusing: {
      description: 'Says 401 and no more.',
      entry: 'askRefusal',
      on: {
        GatewayRegistrationAnswered: [
          {
            guard: 'standsAlready',
            target: 'idle.registered',
            actions: ['keepReply', 'answerGateway'],
            description: '401; the registration that stands is kept.',
          },
          {
            target: 'idle.unregistered',
            actions: ['keepReply', 'answerGateway'],
            description: '401; it was never registered.',
          },
        ],
      },
    },
  },
});

/** Chart of one PN GW at the server: `gateway-registration/<gatewayId>`. */
export const gatewayRegistration = defineChart('cpns-server/gateway-registration', machine);

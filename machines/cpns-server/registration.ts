import { assign, emit, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { RegistrationEvent } from '../../events/vocabulary/registration.ts';
import { defineChart } from '../chart.ts';
import type { Effect } from '../effect.ts';

export interface RegistrationContext {
  readonly flow: Flow | null;
  readonly pnId: string;
  readonly deviceId: string;
  readonly gatewayId: string;
  readonly requestId: string;
  readonly handshake: string;
  readonly authenticated: 'yes' | 'no';
  readonly cpnsId: string | null;
  readonly keyId: string | null;
  /** Whether the PNE has shown that it holds the session of `keyId`. */
  readonly session: 'unconfirmed' | 'established';
  /** The session before it, which stands until the PNE has shown the next one: a late request must not end it. */
  readonly standingKeyId: string | null;
  readonly code: ResponseCode | null;
  readonly reply: string | null;
  readonly refusals: number;
}

const initial: RegistrationContext = {
  flow: null,
  pnId: '',
  deviceId: '',
  gatewayId: '',
  requestId: '',
  handshake: '',
  authenticated: 'no',
  cpnsId: null,
  keyId: null,
  session: 'unconfirmed',
  standingKeyId: null,
  code: null,
  reply: null,
  refusals: 0,
};

const effect = (what: Effect) => what;

const machine = setup({
  types: { context: {} as RegistrationContext, events: {} as RegistrationEvent, emitted: {} as Effect },
  guards: {
    isAcceptance: ({ event }) => event.type === 'RegistrationAnswered' && event.data.code === 200,
    isRefusal: ({ event }) => event.type === 'RegistrationAnswered' && event.data.code !== 200,
    isRefusalInSession: ({ context, event }) =>
      event.type === 'RegistrationAnswered' && event.data.code !== 200 && context.session === 'established',
    isRefusalOfRegistered: ({ context, event }) =>
      event.type === 'RegistrationAnswered' && event.data.code !== 200 && context.keyId !== null,
    isAuthenticated: ({ context }) => context.authenticated === 'yes',
    isCurrentKey: ({ context, event }) => 'keyId' in event.data && event.data.keyId === context.keyId,
    isUnshownKey: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.session === 'unconfirmed',
    isNextKey: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.standingKeyId !== null,
    isStandingKey: ({ context, event }) => 'keyId' in event.data && event.data.keyId === context.standingKeyId,
  },
  actions: {
    keepRequest: assign(({ event }) =>
      event.type === 'RegistrationRequestReceived'
        ? {
            flow: event.data.flow,
            pnId: event.data.pnId,
            deviceId: event.data.deviceId,
            gatewayId: event.data.gatewayId,
            requestId: event.data.requestId,
            handshake: event.data.handshake,
            authenticated: 'no' as const,
            code: null,
            reply: null,
          }
        : {},
    ),
    keepAuthenticated: assign({ authenticated: 'yes' as const }),
    asAuthenticationFailed: assign({ code: 401 as const }),
    keepCode: assign(({ event }) => ('code' in event.data ? { code: event.data.code } : {})),
    keepCpnsId: assign(({ event }) => (event.type === 'CpnsIdAllocated' ? { cpnsId: event.data.cpnsId } : {})),
    keepSession: assign({ session: 'established' as const }),
    forgetKey: assign({ keyId: null }),
    forgetStanding: assign({ standingKeyId: null }),
    keepAnswer: assign(({ event }) =>
      event.type === 'RegistrationAnswered' ? { code: event.data.code, reply: event.data.handshake } : {},
    ),
    keepNextKey: assign(({ context, event }) =>
      event.type === 'RegistrationAnswered'
        ? {
            keyId: event.data.keyId,
            session: 'unconfirmed' as const,
            standingKeyId: context.session === 'established' ? context.keyId : context.standingKeyId,
          }
        : {},
    ),
    countRefusal: assign(({ context, event }) =>
      event.type === 'MessageRefused' ? { refusals: context.refusals + event.data.count } : {},
    ),
    askAuthentication: emit(effect({ type: 'ask', fact: 'authenticatePne' })),
    askCpnsId: emit(effect({ type: 'ask', fact: 'allocateCpnsId' })),
    askClosing: emit(effect({ type: 'ask', fact: 'closeReplacedSession' })),
    askInventory: emit(effect({ type: 'ask', fact: 'updateInventory' })),
    askAnswer: emit(effect({ type: 'ask', fact: 'answerRegistration' })),
    askCompensation: emit(effect({ type: 'ask', fact: 'removeRefused' })),
    askRefusal: emit(effect({ type: 'ask', fact: 'refuseRegistration' })),
    answerRegistration: emit(effect({ type: 'answer', message: 'registration-response' })),
    answerConfirmation: emit(effect({ type: 'answer', message: 'sealed' })),
  },
}).createMachine({
  id: 'cpns-server/registration',
  description: 'The CPNS Server registers one PNE in one PN: authenticates it, allocates its CPNS ID, answers.',
  context: initial,
  initial: 'idle',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    idle: {
      description: 'No request of this PNE is being worked on.',
      initial: 'unregistered',
      on: {
        RegistrationRequestReceived: {
          target: 'authenticating',
          actions: 'keepRequest',
          description: '1.4.1/3, 1.4.2/5',
        },
      },
      states: {
        unregistered: { description: 'Never registered.' },
        refused: { description: 'Refused; not registered.' },
        registered: {
          description: 'Has its CPNS ID and stands in the PN Inventory.',
          initial: 'unconfirmed',
          states: {
            unconfirmed: {
              description: 'Answered; the PNE has not yet shown that the answer arrived.',
              on: {
                SecureSessionEstablished: [
                  {
                    guard: 'isNextKey',
                    target: 'sessionEstablished',
                    actions: ['keepSession', 'askClosing', 'answerConfirmation'],
                    description: '1.4.1/4, 1.4.2/6: first sealed message of the PNE; the session before it ends.',
                  },
                  {
                    guard: 'isCurrentKey',
                    target: 'sessionEstablished',
                    actions: ['keepSession', 'answerConfirmation'],
                    description: '1.4.1/4, 1.4.2/6: first sealed message of the PNE.',
                  },
                ],
              },
            },
            sessionEstablished: {
              description: '1.4.1/4, 1.4.2/6: the secure session PNE <-> CPNS Server stands.',
              on: {
                SecureSessionClosed: {
                  guard: 'isStandingKey',
                  actions: 'forgetStanding',
                  description: 'The session before this one ends.',
                },
              },
            },
          },
        },
      },
    },
    authenticating: {
      description: '1.4.1/3, 1.4.2/5: authenticates the PNE itself, whatever the PN GW says.',
      entry: 'askAuthentication',
      on: {
        PneAuthenticated: {
          target: 'allocating',
          actions: 'keepAuthenticated',
          description: '1.4.1/3, 1.4.2/5: it holds its secret.',
        },
        PneAuthenticationFailed: {
          target: 'refusing',
          actions: 'asAuthenticationFailed',
          description: '1.4.1/3, 1.4.2/5: 401, whatever the reason.',
        },
      },
    },
    allocating: {
      description: '1.4.1/3, 1.4.2/5: allocates the CPNS ID of a PNE that is in the PN Inventory.',
      entry: 'askCpnsId',
      on: {
        CpnsIdAllocated: {
          guard: 'isAuthenticated',
          target: 'updating',
          actions: 'keepCpnsId',
          description: '1.4.1/3, 1.4.2/5: the same one for the same device, always.',
        },
        RegistrationDenied: {
          target: 'refusing',
          actions: 'keepCode',
          description: '1.4.1/3, 1.4.2/5: it is not in the PN Inventory, or came through another PN GW.',
        },
      },
    },
    updating: {
      description: '1.4.1/3, 1.4.2/5: updates the PN Inventory and answers, in one append.',
      entry: ['askClosing', 'askInventory', 'askAnswer'],
      on: {
        SecureSessionClosed: {
          guard: 'isUnshownKey',
          actions: 'forgetKey',
          description: 'A session that was never shown ends; one that stands goes on until the next one is shown.',
        },
        RegistrationAnswered: {
          guard: 'isAcceptance',
          target: 'idle.registered.unconfirmed',
          actions: ['keepAnswer', 'keepNextKey', 'answerRegistration'],
          description: '1.4.1/3, 1.4.2/5',
        },
      },
    },
    refusing: {
      description: 'Refuses; a provisional PNE leaves the PN Inventory, a standing registration stays.',
      entry: ['askCompensation', 'askRefusal'],
      on: {
        RegistrationAnswered: [
          {
            guard: 'isRefusalInSession',
            target: 'idle.registered.sessionEstablished',
            actions: ['keepAnswer', 'answerRegistration'],
            description: '1.4.1/3, 1.4.2/5: the registration and its session stand.',
          },
          {
            guard: 'isRefusalOfRegistered',
            target: 'idle.registered.unconfirmed',
            actions: ['keepAnswer', 'answerRegistration'],
            description: '1.4.1/3, 1.4.2/5: the registration stands.',
          },
          {
            guard: 'isRefusal',
            target: 'idle.refused',
            actions: ['keepAnswer', 'answerRegistration'],
            description: '1.4.1/3, 1.4.2/5',
          },
        ],
      },
    },
  },
});

/** Chart of one PNE in one PN: `registration/<pnId>/<deviceId>`. */
export const registration = defineChart('cpns-server/registration', machine);

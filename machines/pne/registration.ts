import { assign, emit, setup } from 'xstate';
import { isTemporary, type ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { PneRegistrationEvent } from '../../events/vocabulary/pne-registration.ts';
import { defineChart } from '../chart.ts';
import type { Effect } from '../effect.ts';
import { BACK_OFF, delayMs, LINK_RETRY } from '../timing.ts';

export interface PneContext {
  readonly flow: Flow | null;
  readonly deviceId: string;
  readonly pnId: string;
  readonly gatewayId: string;
  readonly requestId: string;
  /** First handshake message of that request. */
  readonly handshake: string;
  readonly attempt: number;
  /** Temporary refusals in a row. */
  readonly backOffs: number;
  readonly code: ResponseCode | null;
  readonly cpnsId: string | null;
  readonly keyId: string | null;
  readonly refusals: number;
}

const initial: PneContext = {
  flow: null,
  deviceId: '',
  pnId: '',
  gatewayId: '',
  requestId: '',
  handshake: '',
  attempt: 0,
  backOffs: 0,
  code: null,
  cpnsId: null,
  keyId: null,
  refusals: 0,
};

const effect = (what: Effect) => what;

/** The member case (1.4.1) asks at once; the stranger (1.4.2) pairs first. */
const wanted = [
  { guard: 'needsPairing', target: 'pairing', actions: ['startOver', 'keepTarget'], description: 'A stranger pairs.' },
  { target: 'requesting', actions: ['startOver', 'keepTarget'], description: 'A member asks at once.' },
] as const;

const machine = setup({
  types: { context: {} as PneContext, events: {} as PneRegistrationEvent, emitted: {} as Effect },
  guards: {
    needsPairing: ({ event }) => event.type === 'RegistrationWanted' && event.data.pairing === 'needed',
    isCurrentRequest: ({ context, event }) => 'requestId' in event.data && event.data.requestId === context.requestId,
    isTemporaryRefusal: ({ context, event }) =>
      (event.type === 'RegistrationRefused' || event.type === 'PairingRefused') &&
      event.data.requestId === context.requestId &&
      isTemporary(event.data.code) &&
      context.backOffs < BACK_OFF.attempts,
    backOffsLeft: ({ context, event }) =>
      'requestId' in event.data && event.data.requestId === context.requestId && context.backOffs < BACK_OFF.attempts,
    attemptsLeft: ({ context }) => context.attempt < LINK_RETRY.attempts,
    isCurrentKey: ({ context, event }) => 'keyId' in event.data && event.data.keyId === context.keyId,
  },
  actions: {
    keepTarget: assign(({ context, event }) =>
      event.type !== 'RegistrationWanted'
        ? context
        : {
            ...context,
            deviceId: event.data.deviceId,
            pnId: event.data.pnId,
            gatewayId: event.data.gatewayId,
            flow: event.data.pairing === 'needed' ? ('1.4.2' as const) : ('1.4.1' as const),
          },
    ),
    keepRequest: assign(({ event }) => ({
      ...('requestId' in event.data ? { requestId: event.data.requestId } : {}),
      ...('handshake' in event.data ? { handshake: event.data.handshake } : {}),
    })),
    keepCode: assign(({ event }) => ('code' in event.data ? { code: event.data.code } : {})),
    keepAcceptance: assign(({ event }) =>
      event.type === 'RegistrationAccepted' ? { cpnsId: event.data.cpnsId, code: 200 as const, backOffs: 0 } : {},
    ),
    keepKey: assign(({ event }) => ('keyId' in event.data ? { keyId: event.data.keyId } : {})),
    forgetKey: assign({ keyId: null }),
    countRefusal: assign(({ context, event }) =>
      event.type === 'MessageRefused' ? { refusals: context.refusals + event.data.count } : {},
    ),
    firstAttempt: assign({ attempt: 1 }),
    nextAttempt: assign(({ context }) => ({ attempt: context.attempt + 1 })),
    countBackOff: assign(({ context }) => ({ backOffs: context.backOffs + 1 })),
    startOver: assign({ backOffs: 0 }),
    asMember: assign({ flow: '1.4.1' as const }),
    armAnswer: emit(({ context }) =>
      effect({
        type: 'arm',
        timer: 'answer',
        delayMs: delayMs(LINK_RETRY, context.attempt),
        event: { type: 'AnswerOverdue', data: { timer: 'answer', attempt: context.attempt } },
      }),
    ),
    disarmAnswer: emit(effect({ type: 'disarm', timer: 'answer' })),
    armBackOff: emit(({ context }) =>
      effect({
        type: 'arm',
        timer: 'backOff',
        delayMs: delayMs(BACK_OFF, context.backOffs),
        event: { type: 'BackOffEnded', data: {} },
      }),
    ),
    disarmBackOff: emit(effect({ type: 'disarm', timer: 'backOff' })),
    askPairing: emit(effect({ type: 'ask', fact: 'requestPairing' })),
    askRequest: emit(effect({ type: 'ask', fact: 'requestRegistration' })),
    askSession: emit(effect({ type: 'ask', fact: 'establishSession' })),
    askAgain: emit(effect({ type: 'ask', fact: 'wantRegistration' })),
    askTimedOut: emit(effect({ type: 'ask', fact: 'registrationTimedOut' })),
    askPairingTimedOut: emit(effect({ type: 'ask', fact: 'pairingTimedOut' })),
    askCloseUnconfirmed: emit(effect({ type: 'ask', fact: 'closeUnconfirmedSession' })),
    sendPairing: emit(effect({ type: 'send', message: 'pairing-request' })),
    resendPairing: emit(effect({ type: 'resend', message: 'pairing-request' })),
    settlePairing: emit(effect({ type: 'settle', message: 'pairing-request' })),
    sendRequest: emit(effect({ type: 'send', message: 'registration-request' })),
    resendRequest: emit(effect({ type: 'resend', message: 'registration-request' })),
    settleRequest: emit(effect({ type: 'settle', message: 'registration-request' })),
    sendConfirmation: emit(effect({ type: 'send', message: 'sealed' })),
    resendConfirmation: emit(effect({ type: 'resend', message: 'sealed' })),
    settleConfirmation: emit(effect({ type: 'settle', message: 'sealed' })),
  },
}).createMachine({
  id: 'pne/registration',
  description: 'A PNE obtains its CPNS ID and its secure session with the CPNS Server, through a PN GW.',
  context: initial,
  initial: 'off',
  on: {
    MessageRefused: { actions: 'countRefusal', description: 'A message that this state cannot take.' },
  },
  states: {
    off: {
      description: 'Not registered, nothing asked.',
      on: { RegistrationWanted: wanted },
    },
    pairing: {
      description: '1.4.2/1: pairs with the PN GW; a message stands in for the underlying network.',
      entry: ['firstAttempt', 'askPairing'],
      exit: ['disarmAnswer', 'settlePairing'],
      on: {
        PairingRequested: { actions: ['keepRequest', 'sendPairing', 'armAnswer'], description: '1.4.2/1' },
        PairingFormed: { guard: 'isCurrentRequest', target: 'requesting', description: '1.4.2/1' },
        PairingRefused: [
          { guard: 'isTemporaryRefusal', target: 'backingOff', actions: 'keepCode', description: 'Not now.' },
          { guard: 'isCurrentRequest', target: 'refused', actions: 'keepCode', description: 'Not at this PN GW.' },
        ],
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendPairing', 'armAnswer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'askPairingTimedOut', description: 'The last attempt had no answer either.' },
        ],
        PairingTimedOut: [
          { guard: 'backOffsLeft', target: 'backingOff', description: 'Tries anew, later.' },
          { guard: 'isCurrentRequest', target: 'timedOut', description: 'Has waited often enough.' },
        ],
      },
    },
    requesting: {
      description: 'Builds the PNE Registration Request with the first handshake message.',
      entry: 'askRequest',
      on: {
        RegistrationRequested: { target: 'awaitingAnswer', actions: 'keepRequest', description: '1.4.1/1, 1.4.2/2' },
      },
    },
    awaitingAnswer: {
      description: '1.4.1/1, 1.4.2/2: the request is sent, and sent again, until an answer is here.',
      entry: ['firstAttempt', 'sendRequest', 'armAnswer'],
      exit: ['disarmAnswer', 'settleRequest'],
      on: {
        AnswerOverdue: [
          {
            guard: 'attemptsLeft',
            actions: ['nextAttempt', 'resendRequest', 'armAnswer'],
            description: 'No answer yet: sends the same request again.',
          },
          { actions: 'askTimedOut', description: 'The last attempt had no answer either.' },
        ],
        RegistrationAccepted: {
          guard: 'isCurrentRequest',
          target: 'registered',
          actions: 'keepAcceptance',
          description: '1.4.1/4, 1.4.2/6',
        },
        RegistrationRefused: [
          { guard: 'isTemporaryRefusal', target: 'backingOff', actions: 'keepCode', description: '1.4.1/4, 1.4.2/6' },
          { guard: 'isCurrentRequest', target: 'refused', actions: 'keepCode', description: '1.4.1/4, 1.4.2/6' },
        ],
        RegistrationTimedOut: [
          { guard: 'backOffsLeft', target: 'backingOff', description: 'Tries anew, later.' },
          { guard: 'isCurrentRequest', target: 'timedOut', description: 'Has waited often enough.' },
        ],
      },
    },
    registered: {
      description: 'The PNE has its CPNS ID.',
      initial: 'establishing',
      states: {
        establishing: {
          description: '1.4.1/4, 1.4.2/6: takes the session keys from the handshake into use.',
          entry: 'askSession',
          on: {
            SecureSessionClosed: {
              guard: 'isCurrentKey',
              actions: 'forgetKey',
              description: 'The earlier session ends.',
            },
            SecureSessionEstablished: { target: 'confirming', actions: 'keepKey', description: '1.4.1/4, 1.4.2/6' },
          },
        },
        confirming: {
          description: 'Sends the first sealed message: only a server with the same keys can answer it.',
          entry: ['firstAttempt', 'sendConfirmation', 'armAnswer'],
          exit: ['disarmAnswer', 'settleConfirmation'],
          on: {
            SecureSessionConfirmed: {
              guard: 'isCurrentKey',
              target: 'confirmed',
              description: '1.4.1/4, 1.4.2/6: the server has the same keys.',
            },
            AnswerOverdue: [
              {
                guard: 'attemptsLeft',
                actions: ['nextAttempt', 'resendConfirmation', 'armAnswer'],
                description: 'No answer yet: sends the same request again.',
              },
              { actions: 'askCloseUnconfirmed', description: 'The last attempt had no answer either.' },
            ],
            SecureSessionClosed: {
              guard: 'isCurrentKey',
              target: '#pne/registration.requesting',
              actions: ['forgetKey', 'asMember'],
              description: 'The other end does not hold the session: register again.',
            },
          },
        },
        confirmed: {
          description: 'Both ends have shown that they hold the same keys.',
          on: {
            RegistrationWanted: {
              target: '#pne/registration.requesting',
              actions: ['startOver', 'keepTarget', 'asMember'],
              description: 'Registers again; it is a member by now.',
            },
          },
        },
      },
    },
    refused: {
      description: 'Refused for good: asking again would not change the answer.',
      on: { RegistrationWanted: wanted },
    },
    backingOff: {
      description: 'Refused for now: waits, then asks anew.',
      entry: ['countBackOff', 'armBackOff'],
      exit: 'disarmBackOff',
      on: {
        BackOffEnded: { actions: 'askAgain', description: 'Has waited long enough.' },
        RegistrationWanted: [
          { guard: 'needsPairing', target: 'pairing', actions: 'keepTarget', description: 'A stranger pairs.' },
          { target: 'requesting', actions: 'keepTarget', description: 'A member asks at once.' },
        ],
      },
    },
    timedOut: {
      description: 'Nobody answered, however often it asked.',
      on: { RegistrationWanted: wanted },
    },
  },
});

/** Chart of one PNE: `pne/<deviceId>`. */
export const pneRegistration = defineChart('pne/registration', machine);

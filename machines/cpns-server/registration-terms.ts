import { assign, emit, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { RegistrationEvent } from '../../events/vocabulary/registration.ts';
import type { Effect } from '../effect.ts';
import { claimed, isFree, NO_EPOCHS, type Epochs } from '../epochs.ts';
import { CLOSE_RETRY, delayMs } from '../timing.ts';
import { isNewer } from '../newest.ts';

export interface RegistrationContext {
  readonly flow: Flow | null;
  readonly pnId: string;
  readonly deviceId: string;
  readonly gatewayId: string;
  readonly requestId: string;
  readonly handshake: string;
  readonly authenticated: 'yes' | 'no';
  /** Timestamp of the newest request that was authenticated. */
  readonly newest: string | null;
  readonly cpnsId: string | null;
  readonly keyId: string | null;
  /** Whether the PNE has shown that it holds the session of `keyId`; until one end closes it, it carries data. */
  readonly session: 'unconfirmed' | 'established' | 'closing';
  readonly epochs: Epochs;
  /** The session before it, which stands until the PNE has shown the next one: a late request must not end it. */
  readonly standingKeyId: string | null;
  readonly standingEpochs: Epochs;
  /** How often the PNE was told that its session is over. */
  readonly attempt: number;
  readonly code: ResponseCode | null;
  readonly reply: string | null;
  readonly refusals: number;
}

export const initialContext: RegistrationContext = {
  flow: null,
  pnId: '',
  deviceId: '',
  gatewayId: '',
  requestId: '',
  handshake: '',
  authenticated: 'no',
  newest: null,
  cpnsId: null,
  keyId: null,
  session: 'unconfirmed',
  epochs: NO_EPOCHS,
  standingKeyId: null,
  standingEpochs: NO_EPOCHS,
  attempt: 0,
  code: null,
  reply: null,
  refusals: 0,
};

const effect = (what: Effect) => what;

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as RegistrationContext, events: {} as RegistrationEvent, emitted: {} as Effect },
  guards: {
    isAcceptance: ({ event }) => event.type === 'RegistrationAnswered' && event.data.code === 200,
    isRefusal: ({ event }) => event.type === 'RegistrationAnswered' && event.data.code !== 200,
    isRefusalInSession: ({ context, event }) =>
      event.type === 'RegistrationAnswered' && event.data.code !== 200 && context.session === 'established',
    isRefusalOfRegistered: ({ context, event }) =>
      event.type === 'RegistrationAnswered' && event.data.code !== 200 && context.keyId !== null,
    isNewer: ({ context, event }) => 'timestamp' in event.data && isNewer(event.data.timestamp, context.newest),
    isRefusalOfClosed: ({ context, event }) =>
      event.type === 'RegistrationAnswered' && event.data.code !== 200 && context.cpnsId !== null,
    isAuthenticated: ({ context }) => context.authenticated === 'yes',
    isCurrentKey: ({ context, event }) => 'keyId' in event.data && event.data.keyId === context.keyId,
    isUnshownKey: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.session === 'unconfirmed',
    isNextKey: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.standingKeyId !== null,
    isStandingKey: ({ context, event }) => 'keyId' in event.data && event.data.keyId === context.standingKeyId,
    isEstablishedKey: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.session === 'established',
    isHeldKey: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.session !== 'unconfirmed',
    isFreeEpoch: ({ context, event }) =>
      event.type === 'SecureSessionRekeyed' &&
      event.data.keyId === context.keyId &&
      context.session === 'established' &&
      isFree(context.epochs, event.data),
    isFreeStandingEpoch: ({ context, event }) =>
      event.type === 'SecureSessionRekeyed' &&
      event.data.keyId === context.standingKeyId &&
      isFree(context.standingEpochs, event.data),
    isEnd: ({ context, event }) =>
      event.type === 'SecureSessionClosed' && event.data.reason !== 'replaced' && event.data.keyId === context.keyId,
    isEndOfStanding: ({ context, event }) =>
      event.type === 'SecureSessionClosed' &&
      event.data.reason !== 'replaced' &&
      event.data.keyId === context.standingKeyId,
    closeAttemptsLeft: ({ context }) => context.attempt < CLOSE_RETRY.attempts,
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
    keepAuthenticated: assign(({ event }) =>
      event.type === 'PneAuthenticated' ? { authenticated: 'yes' as const, newest: event.data.timestamp } : {},
    ),
    asAuthenticationFailed: assign({ code: 401 as const }),
    keepCode: assign(({ event }) => ('code' in event.data ? { code: event.data.code } : {})),
    keepCpnsId: assign(({ event }) => (event.type === 'CpnsIdAllocated' ? { cpnsId: event.data.cpnsId } : {})),
    keepSession: assign({ session: 'established' as const }),
    asClosing: assign({ session: 'closing' as const }),
    forgetKey: assign({ keyId: null, session: 'unconfirmed' as const, epochs: NO_EPOCHS }),
    forgetStanding: assign({ standingKeyId: null, standingEpochs: NO_EPOCHS }),
    keepEpoch: assign(({ context, event }) =>
      event.type === 'SecureSessionRekeyed' ? { epochs: claimed(context.epochs, event.data) } : {},
    ),
    keepStandingEpoch: assign(({ context, event }) =>
      event.type === 'SecureSessionRekeyed' ? { standingEpochs: claimed(context.standingEpochs, event.data) } : {},
    ),
    firstAttempt: assign({ attempt: 1 }),
    nextAttempt: assign(({ context }) => ({ attempt: context.attempt + 1 })),
    keepAnswer: assign(({ event }) =>
      event.type === 'RegistrationAnswered' ? { code: event.data.code, reply: event.data.handshake } : {},
    ),
    keepNextKey: assign(({ context, event }) =>
      event.type === 'RegistrationAnswered'
        ? {
            keyId: event.data.keyId,
            session: 'unconfirmed' as const,
            epochs: NO_EPOCHS,
            ...(context.session === 'established'
              ? { standingKeyId: context.keyId, standingEpochs: context.epochs }
              : {}),
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
    askEnd: emit(effect({ type: 'ask', fact: 'endSession' })),
    askEndOfStanding: emit(effect({ type: 'ask', fact: 'endStandingSession' })),
    sendClose: emit(effect({ type: 'send', message: 'session-close' })),
    resendClose: emit(effect({ type: 'resend', message: 'session-close' })),
    settleClose: emit(effect({ type: 'settle', message: 'session-close' })),
    answerClose: emit(effect({ type: 'answer', message: 'session-closed' })),
    armClose: emit(({ context }) =>
      effect({
        type: 'arm',
        timer: 'close',
        delayMs: delayMs(CLOSE_RETRY, context.attempt),
        event: { type: 'AnswerOverdue', data: { timer: 'close', attempt: context.attempt } },
      }),
    ),
    disarmClose: emit(effect({ type: 'disarm', timer: 'close' })),
  },
});

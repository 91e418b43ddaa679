import { assign, emit, setup } from 'xstate';
import { isTemporary, type ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { PneRegistrationEvent } from '../../events/vocabulary/pne-registration.ts';
import type { Effect } from '../effect.ts';
import { claimed, isFree, NO_EPOCHS, type Epochs } from '../epochs.ts';
import { BACK_OFF, CLOSE_RETRY, delayMs, LINK_RETRY } from '../timing.ts';

export interface PneContext {
  readonly flow: Flow | null;
  readonly deviceId: string;
  readonly pnId: string;
  readonly gatewayId: string;
  readonly requestId: string;
  /** First handshake message of that request. */
  readonly handshake: string;
  /** Timestamp in it; the next one is later, whatever the clock does. */
  readonly timestamp: string | null;
  readonly attempt: number;
  /** Temporary refusals in a row. */
  readonly backOffs: number;
  readonly code: ResponseCode | null;
  readonly cpnsId: string | null;
  readonly keyId: string | null;
  /** Whether the session of `keyId` carries data: from when the server has shown that it holds it until one end closes it. */
  readonly session: 'none' | 'confirmed' | 'closing';
  readonly epochs: Epochs;
  readonly refusals: number;
}

export const initialContext: PneContext = {
  flow: null,
  deviceId: '',
  pnId: '',
  gatewayId: '',
  requestId: '',
  handshake: '',
  timestamp: null,
  attempt: 0,
  backOffs: 0,
  code: null,
  cpnsId: null,
  keyId: null,
  session: 'none',
  epochs: NO_EPOCHS,
  refusals: 0,
};

const effect = (what: Effect) => what;

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
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
    isFreeEpoch: ({ context, event }) =>
      event.type === 'SecureSessionRekeyed' &&
      event.data.keyId === context.keyId &&
      context.session === 'confirmed' &&
      isFree(context.epochs, event.data),
    isInSession: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.session === 'confirmed',
    isSessionHeld: ({ context, event }) =>
      'keyId' in event.data && event.data.keyId === context.keyId && context.session !== 'none',
    isEnd: ({ context, event }) =>
      event.type === 'SecureSessionClosed' && event.data.reason === 'ended' && event.data.keyId === context.keyId,
    closeAttemptsLeft: ({ context }) => context.attempt < CLOSE_RETRY.attempts,
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
      ...('handshake' in event.data ? { handshake: event.data.handshake, timestamp: event.data.timestamp } : {}),
    })),
    keepCode: assign(({ event }) => ('code' in event.data ? { code: event.data.code } : {})),
    keepAcceptance: assign(({ event }) =>
      event.type === 'RegistrationAccepted' ? { cpnsId: event.data.cpnsId, code: 200 as const, backOffs: 0 } : {},
    ),
    keepKey: assign(({ event }) =>
      'keyId' in event.data ? { keyId: event.data.keyId, session: 'none' as const, epochs: NO_EPOCHS } : {},
    ),
    forgetKey: assign({ keyId: null, session: 'none' as const, epochs: NO_EPOCHS }),
    asConfirmed: assign({ session: 'confirmed' as const }),
    asClosing: assign({ session: 'closing' as const }),
    keepEpoch: assign(({ context, event }) =>
      event.type === 'SecureSessionRekeyed' ? { epochs: claimed(context.epochs, event.data) } : {},
    ),
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
    askEnd: emit(effect({ type: 'ask', fact: 'endSession' })),
    sendPairing: emit(effect({ type: 'send', message: 'pairing-request' })),
    resendPairing: emit(effect({ type: 'resend', message: 'pairing-request' })),
    settlePairing: emit(effect({ type: 'settle', message: 'pairing-request' })),
    sendRequest: emit(effect({ type: 'send', message: 'registration-request' })),
    resendRequest: emit(effect({ type: 'resend', message: 'registration-request' })),
    settleRequest: emit(effect({ type: 'settle', message: 'registration-request' })),
    sendConfirmation: emit(effect({ type: 'send', message: 'sealed' })),
    resendConfirmation: emit(effect({ type: 'resend', message: 'sealed' })),
    settleConfirmation: emit(effect({ type: 'settle', message: 'sealed' })),
    sendClose: emit(effect({ type: 'send', message: 'session-close' })),
    resendClose: emit(effect({ type: 'resend', message: 'session-close' })),
    settleClose: emit(effect({ type: 'settle', message: 'session-close' })),
    answerClose: emit(effect({ type: 'answer', message: 'session-closed' })),
  },
});

import { and, assign, emit, not, setup, stateIn } from 'xstate';
import { isTemporary, type ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { PneRegistrationEvent } from '../../events/vocabulary/pne/registration.ts';
import { attempts, refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { isReplaced, isTimer, NO_SESSION, sessionActions, sessionGuards, type SessionContext } from '../session.ts';
import { BACK_OFF, delayMs, LINK_RETRY } from '../timing.ts';

export interface PneContext extends SessionContext {
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
  refusals: 0,
  ...NO_SESSION,
};

/** Guards and actions by name. */
export const terms = setup({
  types: { context: {} as PneContext, events: {} as PneRegistrationEvent, emitted: {} as Effect },
  guards: {
    ...sessionGuards,
    needsPairing: ({ event }) => event.type === 'RegistrationWanted' && event.data.pairing === 'needed',
    isCurrentRequest: ({ context, event }) => 'requestId' in event.data && event.data.requestId === context.requestId,
    isTemporaryRefusal: ({ context, event }) =>
      (event.type === 'RegistrationRefused' || event.type === 'PairingRefused') &&
      event.data.requestId === context.requestId &&
      isTemporary(event.data.code) &&
      context.backOffs < BACK_OFF.attempts,
    backOffsLeft: ({ context, event }) =>
      'requestId' in event.data && event.data.requestId === context.requestId && context.backOffs < BACK_OFF.attempts,
    isAnswerOverdue: ({ context, event }) => isTimer({ context, event }, 'answer'),
    attemptsLeft: ({ context, event }) =>
      isTimer({ context, event }, 'answer') && context.attempt < LINK_RETRY.attempts,
    mayClose: sessionGuards.isSessionKey,
    isBeingReplaced: and([sessionGuards.isSessionKey, not(stateIn('#settled'))]),
    isReplaced: and([
      ({ context, event }) => isReplaced({ context, event }, context.session?.keyId),
      stateIn('#establishing'),
    ]),
  },
  actions: {
    ...refusalCount(),
    ...sessionActions,
    ...attempts('answer', 'attempt', LINK_RETRY),
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
    countBackOff: assign(({ context }) => ({ backOffs: context.backOffs + 1 })),
    startOver: assign({ backOffs: 0 }),
    asMember: assign({ flow: '1.4.1' as const }),
    'arm backOff': emit(({ context }) => ({
      type: 'arm' as const,
      timer: 'backOff',
      delayMs: delayMs(BACK_OFF, context.backOffs),
      event: { type: 'BackOffEnded', data: {} },
    })),
    'disarm backOff': emit({ type: 'disarm', timer: 'backOff' }),
  },
}).extend<Effects>({});

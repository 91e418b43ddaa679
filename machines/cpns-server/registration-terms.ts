import { and, assign, setup, stateIn } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { RegistrationEvent } from '../../events/vocabulary/cpns-server/registration.ts';
import { refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { isNewer } from '../newest.ts';
import { isReplaced, NO_SESSION, sessionActions, sessionGuards, type SessionContext } from '../session.ts';

export interface RegistrationContext extends SessionContext {
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
  /** The session before the one in force, within the step that ends it. */
  readonly replacedKeyId: string | null;
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
  replacedKeyId: null,
  code: null,
  reply: null,
  refusals: 0,
  ...NO_SESSION,
};

/** Guards and actions by name. */
export const terms = setup({
  types: { context: {} as RegistrationContext, events: {} as RegistrationEvent, emitted: {} as Effect },
  guards: {
    ...sessionGuards,
    isBeingReplaced: ({ context, event }) =>
      context.agreedKeyId !== null && sessionGuards.isSessionKey({ context, event }),
    isEndOfAgreed: ({ context, event }) =>
      sessionGuards.isAgreedKey({ context, event }) && !isReplaced({ context, event }, context.agreedKeyId),
    isShown: and([sessionGuards.isAgreedKey, stateIn('#idle')]),
    mayClose: and([sessionGuards.isSessionKey, stateIn('#idle')]),
    isReplaced: ({ context, event }) => isReplaced({ context, event }, context.replacedKeyId),
    isAcceptance: ({ event }) => event.type === 'RegistrationAnswered' && event.data.code === 200,
    isRefusal: ({ event }) => event.type === 'RegistrationAnswered' && event.data.code !== 200,
    isRefusalOfRegistered: ({ context, event }) =>
      event.type === 'RegistrationAnswered' && event.data.code !== 200 && context.cpnsId !== null,
    isNewer: ({ context, event }) => 'timestamp' in event.data && isNewer(event.data.timestamp, context.newest),
    isAuthenticated: ({ context }) => context.authenticated === 'yes',
  },
  actions: {
    ...refusalCount(),
    ...sessionActions,
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
    keepReplaced: assign(({ context }) => ({ replacedKeyId: context.session?.keyId ?? null })),
    forgetReplaced: assign({ replacedKeyId: null }),
    keepAnswer: assign(({ event }) =>
      event.type === 'RegistrationAnswered' ? { code: event.data.code, reply: event.data.handshake } : {},
    ),
  },
}).extend<Effects>({});

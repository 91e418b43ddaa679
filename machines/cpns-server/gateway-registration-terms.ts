import { assign, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { GatewayRegistrationEvent } from '../../events/vocabulary/cpns-server/gateway-registration.ts';
import { refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { isNewer } from '../newest.ts';

export interface GatewayRegistrationContext {
  readonly flow: Flow | null;
  readonly gatewayId: string;
  readonly requestId: string;
  readonly handshake: string;
  readonly keyId: string | null;
  /** Timestamp of the newest request that was authenticated. */
  readonly newest: string | null;
  readonly code: ResponseCode | null;
  readonly reply: string | null;
  readonly refusals: number;
}

export const initialContext: GatewayRegistrationContext = {
  flow: null,
  gatewayId: '',
  requestId: '',
  handshake: '',
  keyId: null,
  newest: null,
  code: null,
  reply: null,
  refusals: 0,
};

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: {
    context: {} as GatewayRegistrationContext,
    events: {} as GatewayRegistrationEvent,
    emitted: {} as Effect,
  },
  guards: {
    isNewer: ({ context, event }) => 'timestamp' in event.data && isNewer(event.data.timestamp, context.newest),
    standsAlready: ({ context }) => context.keyId !== null,
    isCurrentKey: ({ context, event }) => 'keyId' in event.data && event.data.keyId === context.keyId,
  },
  actions: {
    ...refusalCount(),
    keepRequest: assign(({ event }) =>
      event.type === 'GatewayRegistrationReceived'
        ? { gatewayId: event.data.gatewayId, requestId: event.data.requestId, handshake: event.data.handshake }
        : {},
    ),
    keepKey: assign(({ event }) =>
      event.type === 'GatewayAuthenticated' ? { keyId: event.data.keyId, newest: event.data.timestamp } : {},
    ),
    forgetKey: assign({ keyId: null }),
    keepReply: assign(({ event }) =>
      event.type === 'GatewayRegistrationAnswered' ? { code: event.data.code, reply: event.data.handshake } : {},
    ),
  },
}).extend<Effects>({});

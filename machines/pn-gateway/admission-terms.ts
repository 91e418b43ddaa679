import { assign, setup } from 'xstate';
import type { ResponseCode } from '../../events/codes.ts';
import type { Flow } from '../../events/fields.ts';
import type { AdmissionEvent } from '../../events/vocabulary/pn-gateway/admission.ts';
import { attempts, refusalCount, type Effects } from '../actions.ts';
import type { Effect } from '../effect.ts';
import { WAN_RETRY } from '../timing.ts';

export interface AdmissionContext {
  readonly flow: Flow | null;
  readonly deviceId: string;
  readonly pnId: string;
  readonly paired: 'paired' | 'unpaired';
  readonly pairingId: string;
  readonly requestId: string;
  readonly handshake: string;
  readonly updateId: string;
  readonly action: 'add' | 'remove';
  readonly attempt: number;
  readonly code: ResponseCode | null;
  readonly reply: string | null;
  readonly refusals: number;
}

export const initialContext: AdmissionContext = {
  flow: null,
  deviceId: '',
  pnId: '',
  paired: 'unpaired',
  pairingId: '',
  requestId: '',
  handshake: '',
  updateId: '',
  action: 'add',
  attempt: 0,
  code: null,
  reply: null,
  refusals: 0,
};

/** A PN GW passes on what was decided of this request, and nothing else. */
const passesOn = ({ requestId, code }: AdmissionContext, event: AdmissionEvent): boolean =>
  event.type === 'ResponseForwarded' && event.data.requestId === requestId && event.data.code === code;

/** What the chart's words mean: its guards and its actions, by name. */
export const terms = setup({
  types: { context: {} as AdmissionContext, events: {} as AdmissionEvent, emitted: {} as Effect },
  guards: {
    isPaired: ({ context }) => context.paired === 'paired',
    isCurrentRequest: ({ context, event }) => 'requestId' in event.data && event.data.requestId === context.requestId,
    isCurrentUpdate: ({ context, event }) => 'updateId' in event.data && event.data.updateId === context.updateId,
    isAdded: ({ context, event }) =>
      event.type === 'PnUpdateAnswered' && event.data.updateId === context.updateId && event.data.code === 200,
    isAcceptance: ({ context, event }) => passesOn(context, event) && context.code === 200,
    isWithdrawalDue: ({ context, event }) =>
      passesOn(context, event) && context.code === 503 && context.flow === '1.4.2',
    isUnreachable: ({ context, event }) => passesOn(context, event) && context.code === 503,
    isRefusal: ({ context, event }) => passesOn(context, event),
    attemptsLeft: ({ context }) => context.attempt < WAN_RETRY.attempts,
  },
  actions: {
    ...refusalCount(),
    ...attempts('answer', 'attempt', WAN_RETRY),
    keepPairing: assign(({ event }) =>
      event.type === 'PairingFormed'
        ? { paired: 'paired' as const, deviceId: event.data.deviceId, pairingId: event.data.requestId }
        : {},
    ),
    keepRequest: assign(({ context, event }) =>
      event.type !== 'RegistrationRequestReceived'
        ? {}
        : {
            deviceId: event.data.deviceId,
            pnId: event.data.pnId,
            requestId: event.data.requestId,
            handshake: event.data.handshake,
            flow: context.paired === 'paired' ? ('1.4.2' as const) : ('1.4.1' as const),
            code: null,
            reply: null,
          },
    ),
    asMember: assign(({ event }) =>
      event.type === 'MembershipConfirmed'
        ? { flow: event.data.status === 'provisional' ? ('1.4.2' as const) : ('1.4.1' as const) }
        : {},
    ),
    asStranger: assign({ flow: '1.4.2' as const }),
    leaveFlow: assign({ flow: null }),
    asAddition: assign({ action: 'add' as const }),
    asRemoval: assign({ action: 'remove' as const }),
    keepUpdate: assign(({ event }) => (event.type === 'PnUpdateRequested' ? { updateId: event.data.updateId } : {})),
    keepCode: assign(({ event }) => ('code' in event.data ? { code: event.data.code } : {})),
    keepReply: assign(({ event }) =>
      event.type === 'RegistrationAnswered' ? { code: event.data.code, reply: event.data.handshake } : {},
    ),
    asUnreachable: assign({ code: 503 as const }),
  },
}).extend<Effects>({});
